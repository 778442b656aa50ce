package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Answers requests for resources that are not streams. Blocks; called on virtual threads. */
final class ResourceEndpoint {
    private final Resources resources;
    private final ResourceRegistry registry;
    private final Tokens tokens;

    ResourceEndpoint(Resources resources, ResourceRegistry registry, Tokens tokens) {
        this.resources = resources;
        this.registry = registry;
        this.tokens = tokens;
    }

    Reply answer(String method, ApiRequest request, String accept, String contentType, byte[] body)
            throws ApiException {
        return switch (method) {
            case "GET" -> request.name().isEmpty() ? list(request, accept) : get(request, accept);
            case "POST" -> post(request, accept, contentType, body);
            case "PUT" -> put(request, accept, Json.readObject(body, contentType));
            case "PATCH" -> patch(request, accept, contentType, body);
            case "DELETE" -> delete(request, accept, contentType, body);
            default ->
                throw ApiException.of(
                        405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        };
    }

    private Reply get(ApiRequest request, String accept) throws ApiException {
        ObjectNode object = resources.get(request.type(), request.namespaceOrEmpty(), request.name());
        if (request.subresource().equals("scale")) {
            return Reply.json(200, Scale.of(object, request.type(), registry.scale(request.type())));
        }
        return one(200, request, accept, object);
    }

    private static Reply one(int code, ApiRequest request, String accept, ObjectNode object) {
        if (Tables.wanted(accept)) {
            String revision = object.path("metadata").path("resourceVersion").asString("");
            return Reply.json(
                    code,
                    Tables.table(request.type(), List.of(object), revision, request.parameter("includeObject"), true));
        }
        return Reply.json(code, object);
    }

    private Reply list(ApiRequest request, String accept) throws ApiException {
        ListPage page = new ListPage(request, registry.isCustom(request.type()));
        return Reply.json(200, page.of(resources, Tables.wanted(accept)));
    }

    private Reply post(ApiRequest request, String accept, String contentType, byte[] body) throws ApiException {
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
                return token(request, object);
            }
            default -> throw ApiException.noSuchPath();
        }
        List<String> warnings = new ArrayList<>(checkBody(request, object));
        String namespace = request.namespaceOrEmpty();
        if (type.namespaced() && namespace.isEmpty()) {
            throw ApiException.badRequest("an object of kind " + type.kind() + " is created in a namespace");
        }
        ObjectNode created = resources.create(type, namespace, object, request.caller(), request.manager());
        if (!type.acted()) {
            warnings.add("kind " + type.kind() + " is stored, and nothing on this cluster acts on it");
        }
        return one(201, request, accept, created).with(warnings);
    }

    /** Checks what a client sent; unknown fields are refused or warned of, as it asked. */
    private List<String> checkBody(ApiRequest request, ObjectNode object) throws ApiException {
        ResourceType type = request.type();
        String kind = object.path("kind").asString(type.kind());
        String version = object.path("apiVersion").asString(type.apiVersion());
        if (!kind.equals(type.kind()) || !version.equals(type.apiVersion())) {
            throw ApiException.badRequest(version + ", Kind=" + kind + " does not match the resource of the request, "
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
        return decode(request, object);
    }

    /** Takes unknown fields out; refuses them, or gives back warnings of them, as the client asked. */
    private List<String> decode(ApiRequest request, ObjectNode object) throws ApiException {
        ResourceType type = request.type();
        String validation = request.parameter("fieldValidation");
        List<String> found;
        try {
            found = Decoding.decode(registry.objects(type), object, !registry.isCustom(type));
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
                "",
                request.caller(),
                request.manager(),
                pod -> {
                    ObjectNode spec = Defaults.object(pod, "spec");
                    String present = spec.path("nodeName").asString("");
                    if (!present.isEmpty()) {
                        throw ApiException.conflict(
                                request.type(), request.name(), "pod is already assigned to node \"" + present + "\"");
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

    private Reply token(ApiRequest request, ObjectNode review) throws ApiException {
        ObjectNode account = resources.get(request.type(), request.namespaceOrEmpty(), request.name());
        JsonNode spec = review.path("spec");
        List<String> audiences = spec.path("audiences")
                .valueStream()
                .map(text -> text.asString(""))
                .toList();
        long seconds = spec.path("expirationSeconds").asLong(3600);
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        String token = tokens.issue(
                request.namespaceOrEmpty(),
                request.name(),
                account.path("metadata").path("uid").asString(""),
                spec.path("boundObjectRef"),
                audiences.isEmpty() ? List.of(Tokens.ISSUER) : audiences,
                now,
                seconds);
        review.put("kind", "TokenRequest").put("apiVersion", "authentication.k8s.io/v1");
        review.putObject("status")
                .put("token", token)
                .put("expirationTimestamp", now.plusSeconds(seconds).toString());
        return Reply.json(201, review);
    }

    private static ObjectNode success() {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        return status.put("status", "Success").put("code", 201);
    }

    private Reply put(ApiRequest request, String accept, ObjectNode object) throws ApiException {
        if (request.subresource().equals("scale")) {
            return scale(request, _ -> object);
        }
        List<String> warnings = checkBody(request, object);
        return one(200, request, accept, change(request, request.manager(), _ -> object))
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

    private Reply patch(ApiRequest request, String accept, String contentType, byte[] body) throws ApiException {
        String type = contentType.split(";", -1)[0].strip();
        if (type.equals("application/apply-patch+yaml")) {
            return apply(request, accept, Json.readObject(body, "yaml"));
        }
        JsonNode patch = Json.read(body, contentType);
        Resources.Update update =
                switch (type) {
                    case "application/json-patch+json" -> object -> Patches.json(object, patch);
                    case "application/merge-patch+json" -> object -> Patches.merge(object, patch);
                    case "application/strategic-merge-patch+json" -> {
                        if (registry.isCustom(request.type())) {
                            throw unsupported("application/json-patch+json, application/merge-patch+json");
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
                warnings.addAll(checkBody(request, result));
            }
            return next;
        });
        return one(200, request, accept, changed).with(warnings);
    }

    /** Server-side apply. */
    private Reply apply(ApiRequest request, String accept, ObjectNode object) throws ApiException {
        if (request.parameter("fieldManager").isEmpty()) {
            throw ApiException.optionsInvalid(
                    "PatchOptions",
                    new ApiException.Cause(
                            "FieldValueRequired", "Required value: is required for apply patch", "fieldManager"));
        }
        List<String> warnings = checkBody(request, object);
        Schema schema = registry.objects(request.type());
        ManagedFields.Manager manager = request.manager();
        Defaults.object(object, "metadata").put("name", request.name());
        try {
            ObjectNode changed = change(
                    request,
                    null,
                    present -> ManagedFields.apply(schema, present, object, manager, request.flag("force")));
            return one(200, request, accept, changed).with(warnings);
        } catch (ApiException e) {
            if (e.code() != 404 || !request.subresource().isEmpty()) {
                throw e;
            }
            ObjectNode first = ManagedFields.apply(schema, null, object, manager, true);
            ObjectNode created =
                    resources.create(request.type(), request.namespaceOrEmpty(), first, request.caller(), null);
            return one(201, request, accept, created).with(warnings);
        }
    }

    private static ApiException unsupported(String accepted) {
        return ApiException.of(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: " + accepted);
    }

    private Reply delete(ApiRequest request, String accept, String contentType, byte[] body) throws ApiException {
        ObjectNode options =
                body.length == 0 ? JsonNodeFactory.instance.objectNode() : Json.readObject(body, contentType);
        for (String parameter : List.of("propagationPolicy", "gracePeriodSeconds")) {
            if (!request.parameter(parameter).isEmpty() && !options.has(parameter)) {
                options.put(parameter, request.parameter(parameter));
            }
        }
        if (!request.name().isEmpty()) {
            ObjectNode gone = resources.delete(
                    request.type(), request.namespaceOrEmpty(), request.name(), options, request.caller());
            boolean waits = gone.path("metadata").has("deletionTimestamp");
            return waits ? one(200, request, accept, gone) : Reply.json(200, deleted(request, gone));
        }
        Predicate<JsonNode> selector = Resources.selector(
                request.type(), request.parameter("labelSelector"), request.parameter("fieldSelector"));
        for (ObjectStore.Item item :
                resources.list(request.type(), request.namespace()).items()) {
            if (selector.test(Resources.view(item, request.type()))) {
                deleteIfThere(request, item.key(), options);
            }
        }
        return list(request, accept);
    }

    private void deleteIfThere(ApiRequest request, ObjectStore.Key key, ObjectNode options) throws ApiException {
        try {
            resources.delete(request.type(), key.namespace(), key.name(), options, request.caller());
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
        status.putObject("details")
                .put("name", request.name())
                .put("group", request.type().group())
                .put("kind", request.type().plural())
                .put("uid", object.path("metadata").path("uid").asString(""));
        return status;
    }
}
