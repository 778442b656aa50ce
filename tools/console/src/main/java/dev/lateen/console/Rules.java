package dev.lateen.console;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The mesh's rules as the cluster has them, with what the control plane says of each. Any thread; asks the API. */
public final class Rules {
    private static final Map<String, String> KINDS = Map.of(
            "VirtualService", "virtualservices",
            "DestinationRule", "destinationrules",
            "Gateway", "gateways",
            "ServiceEntry", "serviceentries",
            "Sidecar", "sidecars");

    private final KubernetesClient client;

    public Rules(KubernetesClient client) {
        this.client = client;
    }

    /** {@code {"rules":[{"kind","namespace","name","yaml","status"}],"problems":[…]}}. */
    String json() {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        ArrayNode rules = json.putArray("rules");
        ArrayNode problems = json.putArray("problems");
        KINDS.forEach((kind, plural) -> {
            try {
                for (GenericKubernetesResource object : list(kind, plural)) {
                    add(rules.addObject(), kind, object);
                }
            } catch (KubernetesClientException e) {
                if (e.getCode() != 404) {
                    problems.add(kind + ": " + e.getMessage());
                }
            }
        });
        return json.toString();
    }

    private List<GenericKubernetesResource> list(String kind, String plural) {
        return client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                        .withGroup("networking.istio.io")
                        .withVersion("v1")
                        .withKind(kind)
                        .withPlural(plural)
                        .withNamespaced(true)
                        .build())
                .inAnyNamespace()
                .list()
                .getItems();
    }

    private static void add(ObjectNode rule, String kind, GenericKubernetesResource object) {
        Object status = object.getAdditionalProperties().get("status");
        rule.put("kind", kind)
                .put("namespace", object.getMetadata().getNamespace())
                .put("name", object.getMetadata().getName())
                .put(
                        "yaml",
                        Serialization.asYaml(Objects.requireNonNullElse(
                                object.getAdditionalProperties().get("spec"), Map.of())))
                .put("status", status == null ? "" : Serialization.asYaml(status));
    }
}
