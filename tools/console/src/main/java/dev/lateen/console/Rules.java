package dev.lateen.console;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The mesh's rules of all kinds as the cluster has them, with what the control plane says of each. Any thread; asks the
 * API.
 */
public final class Rules {
    /** Conditions that say whether an object is in force: Istio's, and those of the Gateway API. */
    private static final Set<String> CONDITIONS = Set.of("Reconciled", "Accepted", "Programmed", "ResolvedRefs");

    /** Kinds of which nobody says anything. */
    private static final Set<String> SILENT = Set.of(Kinds.REFERENCE_GRANT.key(), Kinds.INGRESS.key());

    private final KubernetesClient client;

    public Rules(KubernetesClient client) {
        this.client = client;
    }

    /**
     * {@code {"rules":[{"kind","namespace","name","yaml","state","messages":[{"level","message"}]}],"problems":[…]}}; the
     * state is {@code accepted}, {@code refused}, {@code unknown}, or {@code none} of kinds that have no such status. The
     * namespace of what is in none is empty.
     */
    String json() {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        ArrayNode rules = json.putArray("rules");
        ArrayNode problems = json.putArray("problems");
        for (Kind<?> kind : Kinds.all()) {
            try {
                for (GenericKubernetesResource object : list(kind)) {
                    add(rules.addObject(), kind.key(), object);
                }
            } catch (KubernetesClientException e) {
                if (e.getCode() != 404) { // a cluster without this kind has no objects of it
                    problems.add(kind.key() + ": " + e.getMessage());
                }
            }
        }
        return json.toString();
    }

    private List<GenericKubernetesResource> list(Kind<?> kind) {
        return client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                        .withGroup(kind.group())
                        .withVersion(kind.versions().getFirst())
                        .withKind(kind.name())
                        .withPlural(kind.plural())
                        .withNamespaced(kind.isNamespaced())
                        .build())
                .inAnyNamespace()
                .list()
                .getItems();
    }

    private static void add(ObjectNode rule, String kind, GenericKubernetesResource object) {
        String namespace = Objects.requireNonNullElse(object.getMetadata().getNamespace(), "");
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("name", object.getMetadata().getName());
        if (!namespace.isEmpty()) {
            metadata.put("namespace", namespace);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("apiVersion", object.getApiVersion());
        document.put("kind", object.getKind());
        document.put("metadata", metadata);
        document.put(
                "spec",
                Objects.requireNonNullElse(object.getAdditionalProperties().get("spec"), Map.of()));
        rule.put("kind", kind)
                .put("namespace", namespace)
                .put("name", object.getMetadata().getName())
                .put("yaml", Serialization.asYaml(document));
        status(
                rule,
                kind,
                JsonMapper.shared().valueToTree(object.getAdditionalProperties().getOrDefault("status", Map.of())));
    }

    /** Writes the state and the messages that an object's status stands for. */
    static void status(ObjectNode rule, String kind, JsonNode status) {
        String state = SILENT.contains(kind) ? "none" : "unknown";
        ArrayNode messages = rule.putArray("messages");
        for (JsonNode message : status.path("validationMessages")) {
            messages.addObject()
                    .put("level", message.path("level").asString("ERROR"))
                    .put(
                            "message",
                            message.path("message")
                                    .asString(message.path("type").path("name").asString("")));
        }
        for (JsonNode condition : conditions(status)) {
            String type = condition.path("type").asString("");
            boolean holds = condition.path("status").asString("").equals("True");
            if (!CONDITIONS.contains(type)) {
                continue;
            }
            state = holds && !state.equals("refused") ? "accepted" : "refused";
            if (!holds && !type.equals("Reconciled")) { // what is wrong then stands in the messages
                messages.addObject()
                        .put("level", "ERROR")
                        .put("message", type + ": " + condition.path("message").asString(""));
            }
        }
        rule.put("state", state);
    }

    /** Those of the object itself, of its listeners, and of each parent or ancestor that it attaches to. */
    private static List<JsonNode> conditions(JsonNode status) {
        List<JsonNode> all = new ArrayList<>();
        status.path("conditions").forEach(all::add);
        for (String of : List.of("listeners", "parents", "ancestors")) {
            for (JsonNode part : status.path(of)) {
                part.path("conditions").forEach(all::add);
            }
        }
        return all;
    }
}
