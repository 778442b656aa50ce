package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** Which lists of the built-in kinds are merged and by which key: the patch merge keys of the Kubernetes API. */
final class MergeKeys {
    private static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("containers", "name"),
            Map.entry("initContainers", "name"),
            Map.entry("ephemeralContainers", "name"),
            Map.entry("env", "name"),
            Map.entry("volumes", "name"),
            Map.entry("volumeMounts", "mountPath"),
            Map.entry("volumeDevices", "devicePath"),
            Map.entry("imagePullSecrets", "name"),
            Map.entry("hostAliases", "ip"),
            Map.entry("topologySpreadConstraints", "topologyKey"),
            Map.entry("conditions", "type"),
            Map.entry("secrets", "name"),
            Map.entry("ownerReferences", "uid"),
            Map.entry("addresses", "type"),
            Map.entry("podIPs", "ip"),
            Map.entry("webhooks", "name"),
            Map.entry("schedulingGates", "name"));
    private static final Set<String> PRIMITIVES = Set.of("metadata.finalizers");

    private MergeKeys() {}

    /** The key of the list at this path, empty when the list is replaced as a whole. */
    static String of(String path) {
        String name = path.substring(path.lastIndexOf('.') + 1);
        if (name.equals("ports")) {
            return path.contains("containers.") || path.contains("initContainers.") ? "containerPort" : "port";
        }
        // A list of addresses merges by type on a node only; elsewhere it is replaced.
        return name.equals("addresses") && !path.equals("status.addresses") ? "" : KEYS.getOrDefault(name, "");
    }

    static boolean mergesPrimitives(String path) {
        return PRIMITIVES.contains(path);
    }

    /** A merged list in the order that the patch asks for; what the patch does not name keeps its place at the end. */
    static ArrayNode ordered(ArrayNode merged, JsonNode order, String key) {
        if (!order.isArray()) {
            return merged;
        }
        List<JsonNode> left = new ArrayList<>();
        merged.forEach(left::add);
        ArrayNode result = merged.arrayNode();
        for (JsonNode wanted : order) {
            for (JsonNode item : List.copyOf(left)) {
                boolean same =
                        key.isEmpty() ? item.equals(wanted) : item.path(key).equals(wanted.path(key));
                if (same) {
                    result.add(item);
                    left.remove(item);
                    break;
                }
            }
        }
        left.forEach(result::add);
        return result;
    }
}
