package dev.lateen.console;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The mesh's rules as the cluster has them, with what the control plane says of each. Any thread; asks the API. */
public final class Rules {
    private static final String NETWORKING = "networking.istio.io";
    private static final String SECURITY = "security.istio.io";
    private static final String TELEMETRY = "telemetry.istio.io";

    private record Kind(String name, String plural, String group) {}

    private static final List<Kind> KINDS = List.of(
            new Kind("VirtualService", "virtualservices", NETWORKING),
            new Kind("DestinationRule", "destinationrules", NETWORKING),
            new Kind("Gateway", "gateways", NETWORKING),
            new Kind("ServiceEntry", "serviceentries", NETWORKING),
            new Kind("WorkloadEntry", "workloadentries", NETWORKING),
            new Kind("Sidecar", "sidecars", NETWORKING),
            new Kind("EnvoyFilter", "envoyfilters", NETWORKING),
            new Kind("AuthorizationPolicy", "authorizationpolicies", SECURITY),
            new Kind("PeerAuthentication", "peerauthentications", SECURITY),
            new Kind("RequestAuthentication", "requestauthentications", SECURITY),
            new Kind("Telemetry", "telemetries", TELEMETRY));

    private final KubernetesClient client;

    public Rules(KubernetesClient client) {
        this.client = client;
    }

    /**
     * {@code {"rules":[{"kind","namespace","name","yaml","state","messages":[{"level","message"}]}],"problems":[…]}}; the
     * state is {@code accepted}, {@code refused} or {@code unknown}.
     */
    String json() {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        ArrayNode rules = json.putArray("rules");
        ArrayNode problems = json.putArray("problems");
        for (Kind kind : KINDS) {
            try {
                for (GenericKubernetesResource object : list(kind)) {
                    add(rules.addObject(), kind, object);
                }
            } catch (KubernetesClientException e) {
                if (e.getCode() != 404) { // a cluster without this kind has no objects of it
                    problems.add(kind.name() + ": " + e.getMessage());
                }
            }
        }
        return json.toString();
    }

    private List<GenericKubernetesResource> list(Kind kind) {
        return client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                        .withGroup(kind.group())
                        .withVersion("v1")
                        .withKind(kind.name())
                        .withPlural(kind.plural())
                        .withNamespaced(true)
                        .build())
                .inAnyNamespace()
                .list()
                .getItems();
    }

    private static void add(ObjectNode rule, Kind kind, GenericKubernetesResource object) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("apiVersion", object.getApiVersion());
        document.put("kind", object.getKind());
        document.put(
                "metadata",
                Map.of(
                        "name", object.getMetadata().getName(),
                        "namespace", object.getMetadata().getNamespace()));
        document.put(
                "spec",
                Objects.requireNonNullElse(object.getAdditionalProperties().get("spec"), Map.of()));
        rule.put("kind", kind.name())
                .put("namespace", object.getMetadata().getNamespace())
                .put("name", object.getMetadata().getName())
                .put("yaml", Serialization.asYaml(document));
        status(
                rule,
                JsonMapper.shared().valueToTree(object.getAdditionalProperties().getOrDefault("status", Map.of())));
    }

    static void status(ObjectNode rule, JsonNode status) {
        String state = "unknown";
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asString("").equals("Reconciled")
                    || condition.path("type").asString("").equals("Accepted")) {
                state = condition.path("status").asString("").equals("True") ? "accepted" : "refused";
            }
        }
        rule.put("state", state);
        ArrayNode messages = rule.putArray("messages");
        for (JsonNode message : status.path("validationMessages")) {
            messages.addObject()
                    .put("level", message.path("level").asString("ERROR"))
                    .put(
                            "message",
                            message.path("message")
                                    .asString(message.path("type").path("name").asString("")));
        }
    }
}
