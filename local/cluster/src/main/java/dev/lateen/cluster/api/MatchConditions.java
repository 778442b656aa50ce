package dev.lateen.cluster.api;

import dev.cel.common.CelValidationException;
import dev.cel.common.values.NullValue;
import dev.cel.runtime.CelEvaluationException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code matchConditions} of admission webhooks: a webhook hears of a change only if each of its expressions over
 * {@code object}, {@code oldObject} and {@code request} is true (Kubernetes documentation, "Dynamic Admission Control",
 * "Matching requests: matchConditions"). There is no {@code authorizer}. Thread-safe.
 */
final class MatchConditions {
    private final CelExpressions expressions = new CelExpressions(List.of("object", "oldObject", "request"));

    /** What is wrong with the conditions of a webhook configuration. */
    List<ApiException.Cause> problems(ObjectNode configuration) {
        List<ApiException.Cause> causes = new ArrayList<>();
        int hook = 0;
        for (JsonNode webhook : configuration.path("webhooks")) {
            int index = 0;
            for (JsonNode condition : webhook.path("matchConditions")) {
                String path = "webhooks[" + hook + "].matchConditions[" + index + "]";
                if (condition.path("name").asString("").isEmpty()) {
                    causes.add(new ApiException.Cause("FieldValueRequired", "Required value", path + ".name"));
                }
                String expression = condition.path("expression").asString("");
                String problem = expression.isBlank() ? null : expressions.problem(expression);
                if (expression.isBlank()) {
                    causes.add(new ApiException.Cause("FieldValueRequired", "Required value", path + ".expression"));
                } else if (problem != null) {
                    causes.add(new ApiException.Cause(
                            "FieldValueInvalid",
                            "Invalid value: \"" + expression + "\": compilation failed: " + problem,
                            path + ".expression"));
                }
                index++;
            }
            hook++;
        }
        return causes;
    }

    /**
     * Whether a webhook hears of a change. One condition that is false decides, whatever the others are; where none is
     * and some cannot be evaluated, the webhook's {@code failurePolicy} decides.
     *
     * @param request the review's request, with the object and how it was
     */
    boolean match(JsonNode webhook, JsonNode request) throws ApiException {
        JsonNode conditions = webhook.path("matchConditions");
        if (conditions.isEmpty()) {
            return true;
        }
        Map<String, Object> variables = new LinkedHashMap<>();
        variables.put("object", value(request.path("object")));
        variables.put("oldObject", value(request.path("oldObject")));
        variables.put("request", value(request));
        String failure = null;
        for (JsonNode condition : conditions) {
            String name = condition.path("name").asString("");
            try {
                Object result =
                        expressions.evaluate(condition.path("expression").asString(""), variables);
                if (result.equals(false)) {
                    return false;
                }
                if (!result.equals(true)) {
                    failure = failure(failure, name, "it is no truth value but " + result);
                }
            } catch (CelValidationException | CelEvaluationException e) {
                failure = failure(failure, name, String.valueOf(e.getMessage()));
            }
        }
        if (failure == null) {
            return true;
        }
        if (webhook.path("failurePolicy").asString("Fail").equals("Ignore")) {
            return false;
        }
        throw ApiException.of(
                403,
                "Forbidden",
                "admission webhook \"" + webhook.path("name").asString("") + "\": match conditions failed: " + failure);
    }

    private static String failure(@Nullable String earlier, String name, String why) {
        return (earlier == null ? "" : earlier + "; ") + "\"" + name + "\": " + why;
    }

    private static Object value(JsonNode value) {
        if (value.isObject()) {
            Map<String, Object> map = new LinkedHashMap<>();
            value.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
            return map;
        }
        if (value.isArray()) {
            List<Object> list = new ArrayList<>();
            value.forEach(item -> list.add(value(item)));
            return list;
        }
        return value.isMissingNode() ? NullValue.NULL_VALUE : CelExpressions.scalar(value);
    }
}
