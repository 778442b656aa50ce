package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Fields that stay as they were made; pure. */
final class ImmutableFields {
    private ImmutableFields() {}

    static List<ApiException.Cause> problems(ResourceType type, JsonNode before, JsonNode after) {
        List<ApiException.Cause> causes = new ArrayList<>();
        switch (type.stored()) {
            case "/configmaps", "/secrets" -> {
                if (type.stored().equals("/secrets")) {
                    same(before, after, causes, "type");
                }
                sealed(before, after, causes);
            }
            case "apps/deployments", "apps/replicasets", "apps/daemonsets" ->
                same(before, after, causes, "spec", "selector");
            case "batch/jobs" -> {
                if ("Indexed".equals(after.path("spec").path("completionMode").asString(""))) {
                    same(before, after, causes, "spec", "completionMode");
                } else {
                    same(before, after, causes, "spec", "completions");
                }
                same(before, after, causes, "spec", "selector");
                if (!before.path("spec").path("suspend").asBoolean(false)) {
                    same(before, after, causes, "spec", "template");
                }
            }
            default -> {}
        }
        return causes;
    }

    private static void sealed(JsonNode before, JsonNode after, List<ApiException.Cause> causes) {
        if (!before.path("immutable").asBoolean(false)) {
            return;
        }
        for (String field : List.of("immutable", "data", "binaryData")) {
            if (!before.path(field).equals(after.path(field))) {
                causes.add(new ApiException.Cause(
                        "FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", field));
            }
        }
    }

    private static void same(JsonNode before, JsonNode after, List<ApiException.Cause> causes, String... path) {
        JsonNode one = before;
        JsonNode two = after;
        for (String part : path) {
            one = one.path(part);
            two = two.path(part);
        }
        if (!one.equals(two)) {
            String value = two.isMissingNode() ? "null" : two.toString();
            causes.add(new ApiException.Cause(
                    "FieldValueInvalid", "Invalid value: " + value + ": field is immutable", String.join(".", path)));
        }
    }
}
