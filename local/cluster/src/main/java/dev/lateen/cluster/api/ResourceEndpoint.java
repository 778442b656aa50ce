package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Answers requests for resources that are not streams. Blocks; called on virtual threads. */
final class ResourceEndpoint {
    private final Resources resources;
    private final ResourceRegistry registry;
    private final TokenRequests tokens;

    ResourceEndpoint(Resources resources, ResourceRegistry registry, Tokens tokens) {
        this.resources = resources;
        this.registry = registry;
        this.tokens = new TokenRequests(resources, registry, tokens);
    }

    Reply answer(String method, ApiRequest request, String accept, String contentType, byte[] body)
            throws ApiException {
        boolean one = !request.name().isEmpty();
        String part = request.subresource();
        if (!part.isEmpty() && !Discovery.serves(request.type(), part)) {
            throw ApiException.noSuchPath();
        }
        boolean allowed =
                switch (method) {
                    case "GET" -> true;
                    case "POST" -> one ? !part.isEmpty() : !request.type().namespaced() || request.namespace() != null;
                    case "PUT", "PATCH" -> one;
                    case "DELETE" -> part.isEmpty() && (one || Discovery.emptied(request.type()));
                    default -> false;
                };
        if (!allowed) {
            throw ApiException.methodNotAllowed();
        }
        RequestOptions.check(method, request);
        Representation wanted = Representation.of(accept);
        Reply reply =
                switch (method) {
                    case "GET" -> one ? get(request, wanted) : list(request, wanted);
                    case "POST" -> post(request, wanted, contentType, body);
                    case "PUT" -> put(request, wanted, contentType, body);
                    case "PATCH" -> patch(request, wanted, contentType, body);
                    default -> delete(request, wanted, contentType, body);
                };
        return request.warnings().isEmpty()
                ? reply
                : reply.with(Stream.concat(reply.warnings().stream(), request.warnings().stream())
                        .distinct()
                        .toList());
    }

    private Reply get(ApiRequest request, Representation wanted) throws ApiException {
        ObjectNode object = resources.get(request.type(), request.namespaceOrEmpty(), request.name());
        if (request.subresource().equals("scale")) {
            return Reply.json(200, Scale.of(object, request.type(), registry.scale(request.type())));
        }
        return one(200, request, wanted, object).with(Warnings.of(request.type()));
    }

    private static Reply one(int code, ApiRequest request, Representation wanted, ObjectNode object) {
        return switch (wanted.form()) {
            case OBJECT -> wanted.reply(code, object);
            case METADATA -> wanted.reply(code, Representation.metadata(object));
            case TABLE -> {
                String revision =
                        object.path("metadata").path("resourceVersion").asString("");
                yield wanted.reply(
                        code,
                        Tables.table(
                                request.type(), List.of(object), revision, request.parameter("includeObject"), true));
            }
        };
    }

    private Reply list(ApiRequest request, Representation wanted) throws ApiException {
        ListPage page = new ListPage(request, registry.isCustom(request.type()));
        ObjectNode answer = page.of(resources, wanted.table());
        Reply reply = wanted.reply(
                200, wanted.form() == Representation.Form.METADATA ? Representation.metadataList(answer) : answer);
        return reply.with(Warnings.of(request.type()));
    }

    private Reply post(ApiRequest request, Representation wanted, String contentType, byte[] body) throws ApiException {
        ObjectNode object = Json.readObject(body, contentType);
        ResourceType type = request.type();
        switch (request.subresource()) {
            case "" -> {}
            case "binding" -> {
                return bind(request, object);
            }
            case "eviction" -> {
                resources.delete(
                        type,
                        request.namespaceOrEmpty(),
                        request.name(),
                        object.path("deleteOptions"),
                        request.caller());
                return Reply.json(201, success());
            }
            case "token" -> {
                return tokens.answer(request, object);
            }
            default -> throw ApiException.noSuchPath();
        }
        List<String> warnings = new ArrayList<>(checkBody(request, object, Json.duplicates(body, contentType)));
        String namespace = request.namespaceOrEmpty();
        ObjectNode created = resources.create(type, namespace, object, request.caller(), request.manager());
        warnings.addAll(Warnings.created(type, created));
        return one(201, request, wanted, created).with(warnings);
    }

    /** Checks what a client sent; unknown fields are refused or warned of, as it asked. */
    private List<String> checkBody(ApiRequest request, ObjectNode object, List<String> duplicates) throws ApiException {
        ResourceType type = request.type();
        String kind = object.path("kind").asString(type.kind());
        String version = object.path("apiVersion").asString(type.apiVersion());
        if (!kind.equals(type.kind()) || !version.equals(type.apiVersion())) {
            throw ApiException.badRequest(kind + " in version \"" + version.substring(version.indexOf('/') + 1)
                    + "\" cannot be handled as a " + type.kind() + ": the resource of the request is "
                    + type.apiVersion() + ", Kind=" + type.kind());
        }
        String namespace = object.path("metadata").path("namespace").asString("");
        if (type.namespaced()
                && !namespace.isEmpty()
                && request.namespace() != null
                && !namespace.equals(request.namespace())) {
            throw ApiException.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the" + " request");
        }
        return decode(request, object, duplicates);
    }

    /** Takes unknown fields out; refuses them, or gives back warnings of them, as the client asked. */
    private List<String> decode(ApiRequest request, ObjectNode object, List<String> duplicates) throws ApiException {
        ResourceType type = request.type();
        String validation = request.parameter("fieldValidation");
        List<String> found = new ArrayList<>(duplicates);
        try {
            found.addAll(Decoding.decode(registry.objects(type), object, !registry.isCustom(type)));
        } catch (Decoding.TypeMismatch e) {
            throw undecodable(type, e.getMessage());
        }
        if (validation.equals("Strict") && !found.isEmpty()) {
            throw undecodable(type, "strict decoding error: " + String.join(", ", found));
        }
        return validation.equals("Ignore") ? List.of() : found;
    }

    private static ApiException undecodable(ResourceType type, @Nullable String why) {
        return ApiException.badRequest(type.kind() + " in version \"" + type.version() + "\" cannot be handled as a "
                + type.kind() + ": " + why);
    }

    private Reply bind(ApiRequest request, ObjectNode binding) throws ApiException {
        String node = binding.path("target").path("name").asString("");
        resources.update(
                request.type(),
                request.namespaceOrEmpty(),
                request.name(),
                "binding",
                request.caller(),
                request.manager(),
                pod -> {
                    ObjectNode spec = Defaults.object(pod, "spec");
                    String present = spec.path("nodeName").asString("");
                    if (!present.isEmpty()) {
                        throw ApiException.conflict(
                                "pods/binding",
                                request.name(),
                                "pod " + request.name() + " is already assigned to node \"" + present + "\"");
                    }
                    spec.put("nodeName", node);
                    return pod;
                });
        resources.update(
                request.type(),
                request.namespaceOrEmpty(),
                request.name(),
                "status",
                request.caller(),
                request.manager(),
                pod -> {
                    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
                    Defaults.array(Defaults.object(pod, "status"), "conditions")
                            .addObject()
                            .put("type", "PodScheduled")
                            .put("status", "True")
                            .put("lastTransitionTime", now);
                    return pod;
                });
        return Reply.json(201, success());
    }

    private static ObjectNode success() {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        return status.put("status", "Success").put("code", 201);
    }

    private Reply put(ApiRequest request, Representation wanted, String contentType, byte[] body) throws ApiException {
        ObjectNode object = Json.readObject(body, contentType);
        String name = object.path("metadata").path("name").asString("");
        if (!name.isEmpty() && !name.equals(request.name())) {
            throw ApiException.badRequest("the name of the object (" + name + ") does not match the name on the URL ("
                    + request.name() + ")");
        }
        if (request.subresource().equals("scale")) {
            return scale(request, _ -> object);
        }
        List<String> warnings = checkBody(request, object, Json.duplicates(body, contentType));
        return one(200, request, wanted, change(request, request.manager(), _ -> object))
                .with(warnings);
    }

    private ObjectNode change(ApiRequest request, ManagedFields.@Nullable Manager manager, Resources.Update update)
            throws ApiException {
        String subresource = request.subresource();
        String part = subresource.equals("finalize") ? "" : subresource;
        return resources.update(
                request.type(), request.namespaceOrEmpty(), request.name(), part, request.caller(), manager, update);
    }

    private Reply scale(ApiRequest request, Resources.Update update) throws ApiException {
        ObjectNode result = resources.update(
                request.type(),
                request.namespaceOrEmpty(),
                request.name(),
                "",
                request.caller(),
                request.manager(),
                object -> {
                    JsonNode wanted = update.apply(Scale.of(object, request.type(), registry.scale(request.type())));
                    Scale.set(
                            object,
                            registry.scale(request.type()),
                            wanted.path("spec").path("replicas").asInt(0));
                    return object;
                });
        return Reply.json(200, Scale.of(result, request.type(), registry.scale(request.type())));
    }

    private Reply patch(ApiRequest request, Representation wanted, String contentType, byte[] body)
            throws ApiException {
        String type = contentType.split(";", -1)[0].strip();
        if (type.equals("application/apply-patch+yaml")) {
            return apply(request, wanted, Json.readObject(body, "yaml"));
        }
        JsonNode patch = Json.read(body, contentType);
        Resources.Update update =
                switch (type) {
                    case "application/json-patch+json" -> object -> Patches.json(object, patch);
                    case "application/merge-patch+json" -> object -> Patches.merge(object, patch);
                    case "application/strategic-merge-patch+json" -> {
                        if (registry.isCustom(request.type())) {
                            throw unsupported("application/json-patch+json, application/merge-patch+json,"
                                    + " application/apply-patch+yaml");
                        }
                        yield object -> Patches.strategic(object, patch, "");
                    }
                    default ->
                        throw unsupported("application/json-patch+json, application/merge-patch+json,"
                                + " application/strategic-merge-patch+json, application/apply-patch+yaml");
                };
        if (request.subresource().equals("scale")) {
            return scale(request, update);
        }
        List<String> warnings = new ArrayList<>();
        ObjectNode changed = change(request, request.manager(), object -> {
            JsonNode next = update.apply(object);
            if (next instanceof ObjectNode result) {
                warnings.clear();
                warnings.addAll(checkBody(request, result, List.of()));
            }
            return next;
        });
        return one(200, request, wanted, changed).with(warnings);
    }

    /** Server-side apply. */
    private Reply apply(ApiRequest request, Representation wanted, ObjectNode object) throws ApiException {
        if (request.parameter("fieldManager").isEmpty()) {
            throw ApiException.optionsInvalid(
                    "PatchOptions",
                    new ApiException.Cause(
                            "FieldValueRequired", "Required value: is required for apply patch", "fieldManager"));
        }
        List<String> warnings = checkBody(request, object, List.of());
        if (!object.has("apiVersion") || !object.has("kind")) {
            throw ApiException.badRequest("invalid object type: an apply patch states apiVersion and kind");
        }
        Schema schema = registry.objects(request.type());
        ManagedFields.Manager manager = request.manager();
        Defaults.object(object, "metadata").put("name", request.name());
        try {
            ObjectNode changed = change(
                    request,
                    null,
                    present -> ManagedFields.apply(schema, present, object, manager, request.flag("force")));
            return one(200, request, wanted, changed).with(warnings);
        } catch (ApiException e) {
            if (e.code() != 404 || !request.subresource().isEmpty()) {
                throw e;
            }
            ObjectNode first = ManagedFields.apply(schema, null, object, manager, true);
            ObjectNode created =
                    resources.create(request.type(), request.namespaceOrEmpty(), first, request.caller(), null);
            return one(201, request, wanted, created).with(warnings);
        }
    }

    private static ApiException unsupported(String accepted) {
        return ApiException.of(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: " + accepted);
    }

    private Reply delete(ApiRequest request, Representation wanted, String contentType, byte[] body)
            throws ApiException {
        ObjectNode options =
                body.length == 0 ? JsonNodeFactory.instance.objectNode() : Json.readObject(body, contentType);
        for (String parameter : List.of("propagationPolicy", "gracePeriodSeconds")) {
            if (!request.parameter(parameter).isEmpty() && !options.has(parameter)) {
                options.put(parameter, request.parameter(parameter));
            }
        }
        RequestOptions.checkDeletion(options);
        boolean dryRun = request.caller().dryRun()
                || options.path("dryRun").valueStream().anyMatch(each -> each.asString("")
                        .equals("All"));
        Caller caller = new Caller(request.user(), dryRun, request.warnings());
        if (!request.name().isEmpty()) {
            ObjectNode gone =
                    resources.delete(request.type(), request.namespaceOrEmpty(), request.name(), options, caller);
            boolean waits = gone.path("metadata").has("deletionTimestamp");
            return waits ? one(200, request, wanted, gone) : Reply.json(200, deleted(request, gone));
        }
        Predicate<JsonNode> selector = Resources.selector(
                request.type(), request.parameter("labelSelector"), request.parameter("fieldSelector"));
        for (ObjectStore.Item item :
                resources.list(request.type(), request.namespace()).items()) {
            if (selector.test(Resources.view(item, request.type()))) {
                deleteIfThere(request, item.key(), options, caller);
            }
        }
        return list(request, wanted);
    }

    private void deleteIfThere(ApiRequest request, ObjectStore.Key key, ObjectNode options, Caller caller)
            throws ApiException {
        try {
            resources.delete(request.type(), key.namespace(), key.name(), options, caller);
        } catch (ApiException e) {
            if (e.code() != 404) {
                throw e;
            }
        }
    }

    private static ObjectNode deleted(ApiRequest request, ObjectNode object) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Success");
        ObjectNode details = status.putObject("details").put("name", request.name());
        if (!request.type().group().isEmpty()) {
            details.put("group", request.type().group());
        }
        details.put("kind", request.type().plural())
                .put("uid", object.path("metadata").path("uid").asString(""));
        return status;
    }
}
