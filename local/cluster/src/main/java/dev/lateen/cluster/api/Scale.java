package dev.lateen.cluster.api;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The {@code scale} subresource (autoscaling/v1 Scale) of an object with replicas. */
final class Scale {
    private Scale() {}

    static ObjectNode of(JsonNode object, ResourceType type) {
        ObjectNode scale = JsonNodeFactory.instance.objectNode();
        scale.put("kind", "Scale").put("apiVersion", "autoscaling/v1");
        ObjectNode metadata = scale.putObject("metadata");
        for (String field : List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
            metadata.set(field, object.path("metadata").path(field));
        }
        scale.putObject("spec")
                .put("replicas", object.path("spec").path("replicas").asInt(0));
        JsonNode selector = object.path("spec").path("selector");
        JsonNode labels = type.kind().equals("ReplicationController") ? selector : selector.path("matchLabels");
        scale.putObject("status")
                .put("replicas", object.path("status").path("replicas").asInt(0))
                .put("selector", Columns.labels(labels));
        return scale;
    }
}
