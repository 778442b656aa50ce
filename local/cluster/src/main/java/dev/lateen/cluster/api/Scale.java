package dev.lateen.cluster.api;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The {@code scale} subresource (autoscaling/v1 Scale) of an object with replicas. */
final class Scale {
    private Scale() {}

    /** The scale of an object; {@code paths} says where a custom kind keeps it, an empty object otherwise. */
    static ObjectNode of(JsonNode object, ResourceType type, JsonNode paths) {
        ObjectNode scale = JsonNodeFactory.instance.objectNode();
        scale.put("kind", "Scale").put("apiVersion", "autoscaling/v1");
        ObjectNode metadata = scale.putObject("metadata");
        for (String field : List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
            metadata.set(field, object.path("metadata").path(field));
        }
        scale.putObject("spec").put("replicas", number(object, specPath(paths)));
        ObjectNode status = scale.putObject("status");
        status.put("replicas", number(object, paths.path("statusReplicasPath").asString(".status.replicas")));
        if (!paths.isEmpty()) {
            JsonPath.of(paths.path("labelSelectorPath").asString(".status.selector")).all(object).stream()
                    .findFirst()
                    .ifPresent(selector -> status.put("selector", selector.asString("")));
            return scale;
        }
        JsonNode selector = object.path("spec").path("selector");
        JsonNode labels = type.kind().equals("ReplicationController") ? selector : selector.path("matchLabels");
        if (!labels.isEmpty()) {
            status.put("selector", Columns.labels(labels));
        }
        return scale;
    }

    /** Writes the wanted number where the kind keeps it. */
    static void set(ObjectNode object, JsonNode paths, int replicas) {
        List<String> fields = JsonPath.of(specPath(paths)).fields();
        ObjectNode at = object;
        for (String field : fields.subList(0, fields.size() - 1)) {
            at = Defaults.object(at, field);
        }
        at.put(fields.getLast(), replicas);
    }

    private static String specPath(JsonNode paths) {
        return paths.path("specReplicasPath").asString(".spec.replicas");
    }

    private static int number(JsonNode object, String path) {
        return JsonPath.of(path).all(object).stream()
                .findFirst()
                .map(found -> found.asInt(0))
                .orElse(0);
    }
}
