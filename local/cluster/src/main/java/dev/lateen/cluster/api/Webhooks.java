package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks the admission webhooks that the cluster has (MutatingWebhookConfiguration, ValidatingWebhookConfiguration;
 * Kubernetes documentation, "Dynamic Admission Control"). Blocks; thread-safe.
 */
final class Webhooks {
    private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
    private static final String GROUP = "admissionregistration.k8s.io";

    private final ObjectStore store;
    private final ResourceRegistry registry;
    private final WebhookClient client;
    private final MatchConditions conditions = new MatchConditions();

    Webhooks(ObjectStore store, ResourceRegistry registry, WebhookClient client) {
        this.store = store;
        this.registry = registry;
        this.client = client;
    }

    /** One change on its way through the webhooks. */
    record Passage(
            ResourceType type, String operation, String subresource, String namespace, String name, Caller caller) {}

    /** Whether there is any webhook, so that a change is worth to be prepared for them. */
    boolean concern(ResourceType type, Caller caller) {
        boolean exempt = type.group().equals(GROUP) || caller.equals(Caller.SERVER);
        return !exempt && (any("mutatingwebhookconfigurations") || any("validatingwebhookconfigurations"));
    }

    private boolean any(String plural) {
        return !store.list(GROUP + "/" + plural, null).items().isEmpty();
    }

    private List<ObjectNode> configurations(String plural) {
        return store.list(GROUP + "/" + plural, null).items().stream()
                .map(item -> Json.readStored(item.value()))
                .sorted(Comparator.comparing(
                        each -> each.path("metadata").path("name").asString("")))
                .toList();
    }

    /** The object as the mutating webhooks leave it; null in, null out. */
    @Nullable
    ObjectNode mutate(Passage passage, @Nullable ObjectNode object, @Nullable ObjectNode before) throws ApiException {
        ObjectNode result = object;
        List<JsonNode> again = new ArrayList<>();
        for (JsonNode webhook : webhooks("mutatingwebhookconfigurations")) {
            ObjectNode next = ask(passage, webhook, result, before);
            if (next != null && !next.equals(result)) {
                result = next;
                // Those that have been asked already and want to hear of later changes are asked once more.
                for (JsonNode earlier : again) {
                    ObjectNode once = ask(passage, earlier, result, before);
                    result = once == null ? result : once;
                }
                again.clear();
            }
            if (webhook.path("reinvocationPolicy").asString("").equals("IfNeeded")) {
                again.add(webhook);
            }
        }
        return result;
    }

    /** Refuses the change when a validating webhook does. */
    void validate(Passage passage, @Nullable ObjectNode object, @Nullable ObjectNode before) throws ApiException {
        for (JsonNode webhook : webhooks("validatingwebhookconfigurations")) {
            var _ = ask(passage, webhook, object, before);
        }
    }

    private List<JsonNode> webhooks(String plural) {
        List<JsonNode> all = new ArrayList<>();
        configurations(plural).forEach(each -> each.path("webhooks").forEach(all::add));
        return all;
    }

    private List<ResourceType> versions(ResourceType type) {
        List<ResourceType> versions = new ArrayList<>(List.of(type));
        registry.all().stream()
                .filter(each -> each.stored().equals(type.stored()) && !each.equals(type))
                .forEach(versions::add);
        return versions;
    }

    /** Asks one webhook; the object after its patch, or null when it was not asked or has no object. */
    private @Nullable ObjectNode ask(
            Passage passage, JsonNode webhook, @Nullable ObjectNode object, @Nullable ObjectNode before)
            throws ApiException {
        JsonNode namespace = passage.type().stored().equals("/namespaces")
                ? (object == null ? before : object)
                : store.get(new ObjectStore.Key("/namespaces", "", passage.namespace()))
                        .map(item -> (JsonNode) Json.readStored(item.value()))
                        .orElse(null);
        ResourceType type = WebhookRules.match(
                webhook,
                new WebhookRules.Change(
                        passage.operation(),
                        versions(passage.type()),
                        passage.subresource(),
                        namespace,
                        object,
                        before));
        if (type == null) {
            return object;
        }
        ObjectNode review = review(passage, type, object, before);
        if (!conditions.match(webhook, review.path("request"))) {
            return object;
        }
        String name = webhook.path("name").asString("");
        if (passage.caller().dryRun()
                && !webhook.path("sideEffects").asString("").startsWith("None")) {
            throw ApiException.badRequest("admission webhook \"" + name + "\" does not support dry run");
        }
        String uid = review.path("request").path("uid").asString("");
        try {
            JsonNode response = client.call(webhook, review).path("response");
            if (!response.path("uid").asString("").equals(uid)) {
                throw new IOException("expected response.uid=\"" + uid + "\", got \""
                        + response.path("uid").asString("") + "\"");
            }
            for (JsonNode warning : response.path("warnings")) {
                passage.caller().warnings().add(warning.asString("").replaceAll("\\p{Cntrl}+", " "));
            }
            if (!response.path("allowed").asBoolean(false)) {
                throw denied(name, response.path("status"));
            }
            return object == null ? null : patched(object, response);
        } catch (IOException | JacksonException e) {
            String why = "failed calling webhook \"" + name + "\": failed to call webhook: " + e.getMessage();
            if (webhook.path("failurePolicy").asString("Fail").equals("Ignore")) {
                LOG.warn("{} {} goes on: {}", passage.operation(), passage.name(), why);
                return object;
            }
            throw ApiException.of(500, "InternalError", "Internal error occurred: " + why);
        }
    }

    private static ObjectNode patched(ObjectNode object, JsonNode response) throws ApiException, IOException {
        String patch = response.path("patch").asString("");
        if (patch.isEmpty()) {
            return object;
        }
        String type = response.path("patchType").asString("");
        if (!type.equals("JSONPatch")) {
            throw new IOException("webhook returned response.patchType \"" + type + "\", not JSONPatch");
        }
        try {
            JsonNode operations =
                    Json.parse(new String(Base64.getDecoder().decode(patch), java.nio.charset.StandardCharsets.UTF_8));
            return (ObjectNode) Patches.json(object, operations);
        } catch (IllegalArgumentException e) {
            throw new IOException("its patch is not base64", e);
        }
    }

    private static ApiException denied(String name, JsonNode status) {
        String message = status.path("message").asString("");
        String reason = status.path("reason").asString("");
        String why = !message.isEmpty() ? ": " + message : !reason.isEmpty() ? ": " + reason : " without explanation";
        int code = status.path("code").asInt(0);
        return ApiException.of(
                code < 400 ? 400 : code, reason, "admission webhook \"" + name + "\" denied the request" + why);
    }

    private static ObjectNode review(
            Passage passage, ResourceType type, @Nullable ObjectNode object, @Nullable ObjectNode before) {
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("kind", "AdmissionReview").put("apiVersion", "admission.k8s.io/v1");
        ObjectNode request = review.putObject("request");
        request.put("uid", UUID.randomUUID().toString());
        names(request, "kind", "kind", type, type.kind());
        names(request, "resource", "resource", type, type.plural());
        ResourceType asked = passage.type();
        names(request, "requestKind", "kind", asked, asked.kind());
        names(request, "requestResource", "resource", asked, asked.plural());
        if (!passage.subresource().isEmpty()) {
            request.put("subResource", passage.subresource()).put("requestSubResource", passage.subresource());
        }
        if (!passage.name().isEmpty()) {
            request.put("name", passage.name());
        }
        if (!passage.namespace().isEmpty()) {
            request.put("namespace", passage.namespace());
        }
        request.put("operation", passage.operation());
        Reviews.user(request.putObject("userInfo"), passage.caller().user());
        request.set("object", in(type, object));
        request.set("oldObject", in(type, before));
        request.put("dryRun", passage.caller().dryRun());
        return review;
    }

    private static void names(ObjectNode request, String field, String part, ResourceType type, String name) {
        request.putObject(field)
                .put("group", type.group())
                .put("version", type.version())
                .put(part, name);
    }

    private static JsonNode in(ResourceType type, @Nullable ObjectNode object) {
        if (object == null) {
            return JsonNodeFactory.instance.nullNode();
        }
        ObjectNode copy = object.deepCopy();
        copy.put("apiVersion", type.apiVersion()).put("kind", type.kind());
        return copy;
    }
}
