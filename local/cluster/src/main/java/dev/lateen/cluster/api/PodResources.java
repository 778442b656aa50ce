package dev.lateen.cluster.api;

import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Requests and limits of a pod's containers, and the class of service that follows from them; pure. */
final class PodResources {
    private static final Set<String> COUNTED = Set.of("cpu", "memory");

    private PodResources() {}

    /** A container that limits something without requesting it requests as much. */
    static void requestLimits(ObjectNode container) {
        JsonNode resources = container.path("resources");
        if (!(resources instanceof ObjectNode fields)) {
            return;
        }
        resources.path("limits").properties().forEach(limit -> {
            if (!fields.path("requests").has(limit.getKey())) {
                Defaults.object(fields, "requests").set(limit.getKey(), limit.getValue());
            }
        });
    }

    /** {@code Guaranteed}, {@code Burstable} or {@code BestEffort}. */
    static String qualityOfService(JsonNode spec) {
        boolean any = false;
        boolean all = true;
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : spec.path(list)) {
                JsonNode limits = container.path("resources").path("limits");
                JsonNode requests = container.path("resources").path("requests");
                for (String resource : COUNTED) {
                    any |= limits.has(resource) || requests.has(resource);
                    all &= limits.has(resource) && limits.path(resource).equals(requests.path(resource));
                }
            }
        }
        return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
    }
}
