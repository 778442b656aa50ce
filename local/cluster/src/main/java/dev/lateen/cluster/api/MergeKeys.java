package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.Comparator;
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

    /**
     * A merged list in order: what the patch names as the patch has it, the rest between as it stood before; what is
     * new and comes together with the rest goes first, as in Kubernetes.
     *
     * @param before the list before the patch
     * @param order the patch's own order of all items it knows
     */
    static ArrayNode ordered(ArrayNode merged, ArrayNode before, JsonNode order, String key) {
        List<JsonNode> named = new ArrayList<>();
        List<JsonNode> rest = new ArrayList<>();
        merged.forEach(item -> (index(order, item, key) < 0 ? rest : named).add(item));
        named.sort(Comparator.comparingInt(item -> index(order, item, key)));
        ArrayNode result = merged.arrayNode();
        int at = 0;
        for (JsonNode item : rest) {
            int place = index(before, item, key);
            while (at < named.size()) {
                int other = index(before, named.get(at), key);
                if (place >= 0 && other >= 0 && place < other) {
                    break;
                }
                result.add(named.get(at++));
            }
            result.add(item);
        }
        named.subList(at, named.size()).forEach(result::add);
        return result;
    }

    private static int index(JsonNode list, JsonNode item, String key) {
        int index = 0;
        for (JsonNode each : list) {
            if (key.isEmpty() ? each.equals(item) : each.path(key).equals(item.path(key))) {
                return index;
            }
            index++;
        }
        return -1;
    }
}
