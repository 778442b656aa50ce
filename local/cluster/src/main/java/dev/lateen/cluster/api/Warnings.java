package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** What kubectl prints as {@code Warning:} beside an answer: above all what this cluster keeps and does not act on. */
final class Warnings {
    private static final Map<String, List<String>> UNUSED_FIELDS = Map.of(
            "batch/jobs", List.of("podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "maxFailedIndexes"));

    private Warnings() {}

    /** Warnings about a kind as such. */
    static List<String> of(ResourceType type) {
        return type.stored().equals("/endpoints")
                ? List.of("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
                : List.of();
    }

    /** Warnings about a new object. */
    static List<String> created(ResourceType type, JsonNode object) {
        List<String> warnings = new ArrayList<>(of(type));
        if (!type.acted()) {
            warnings.add("kind " + type.kind() + " is stored, and nothing on this cluster acts on it");
        }
        for (String field : UNUSED_FIELDS.getOrDefault(type.stored(), List.of())) {
            if (object.path("spec").has(field)) {
                warnings.add("spec." + field + " is stored, and nothing on this cluster acts on it");
            }
        }
        return warnings;
    }
}
