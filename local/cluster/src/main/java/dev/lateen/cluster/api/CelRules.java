package dev.lateen.cluster.api;

import dev.cel.common.CelValidationException;
import dev.cel.runtime.CelEvaluationException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The rules of {@code x-kubernetes-validations}, in the Common Expression Language. Values are dynamically typed:
 * numbers without a fraction are {@code int}, others {@code double}. Compiled rules are kept. Thread-safe.
 */
final class CelRules {
    private static final Set<String> RESERVED = Set.of(
            "true",
            "false",
            "null",
            "in",
            "as",
            "break",
            "const",
            "continue",
            "else",
            "for",
            "function",
            "if",
            "import",
            "let",
            "loop",
            "package",
            "namespace",
            "return",
            "var",
            "void",
            "while");

    private final CelExpressions expressions = new CelExpressions(List.of("self", "oldSelf"));

    /** Why a rule cannot be compiled, or null. */
    @Nullable
    String problem(String rule) {
        return expressions.problem(rule);
    }

    /**
     * Checks a value against the rules that its schema has at this place.
     *
     * @param before the value before the change; null when there was none, so that rules on {@code oldSelf} do not count
     */
    void check(
            JsonNode schema, JsonNode value, @Nullable JsonNode before, String path, List<ApiException.Cause> causes) {
        for (JsonNode rule : schema.path("x-kubernetes-validations")) {
            String text = rule.path("rule").asString("");
            boolean transition = text.contains("oldSelf");
            if (transition && before == null && !rule.path("optionalOldSelf").asBoolean(false)) {
                continue;
            }
            Map<String, Object> variables = new LinkedHashMap<>();
            variables.put("self", value(schema, value));
            variables.put("oldSelf", value(schema, before == null ? value : before));
            String failure = failure(rule, text, variables);
            if (failure != null) {
                causes.add(cause(rule, failure, path + fieldPath(rule, path)));
            }
        }
    }

    private static String fieldPath(JsonNode rule, String path) {
        String given = rule.path("fieldPath").asString("");
        return path.isEmpty() && given.startsWith(".") ? given.substring(1) : given;
    }

    private @Nullable String failure(JsonNode rule, String text, Map<String, Object> variables) {
        try {
            if (Boolean.TRUE.equals(expressions.evaluate(text, variables))) {
                return null;
            }
            String expression = rule.path("messageExpression").asString("");
            if (!expression.isEmpty() && expressions.evaluate(expression, variables) instanceof String message) {
                return message;
            }
            return rule.path("message").asString("failed rule: " + text.strip());
        } catch (CelValidationException | CelEvaluationException e) {
            return rule.path("message").asString("rule: " + text.strip()) + ": " + e.getMessage();
        }
    }

    private static ApiException.Cause cause(JsonNode rule, String message, String path) {
        String reason = rule.path("reason").asString("FieldValueInvalid");
        String words =
                switch (reason) {
                    case "FieldValueForbidden" -> "Forbidden: ";
                    case "FieldValueRequired" -> "Required value: ";
                    case "FieldValueDuplicate" -> "Duplicate value: ";
                    default -> "Invalid value: ";
                };
        return new ApiException.Cause(reason, words + message, path.isEmpty() ? "<nil>" : path);
    }

    /** A JSON value as CEL sees it: fields that the schema names are escaped, keys of maps are not. */
    private static Object value(JsonNode schema, JsonNode value) {
        if (value.isObject()) {
            Map<String, Object> map = new LinkedHashMap<>();
            JsonNode properties = schema.path("properties");
            value.properties().forEach(entry -> {
                JsonNode field = properties.path(entry.getKey());
                boolean named = !field.isMissingNode();
                map.put(
                        named ? escape(entry.getKey()) : entry.getKey(),
                        value(named ? field : schema.path("additionalProperties"), entry.getValue()));
            });
            return map;
        }
        if (value.isArray()) {
            List<Object> list = new ArrayList<>();
            value.forEach(item -> list.add(value(schema.path("items"), item)));
            return list;
        }
        return value.isIntegralNumber() && schema.path("type").asString("").equals("number")
                ? (Object) value.asDouble()
                : CelExpressions.scalar(value);
    }

    private static String escape(String name) {
        if (RESERVED.contains(name)) {
            return "__" + name + "__";
        }
        return name.replace("__", "__underscores__")
                .replace(".", "__dot__")
                .replace("-", "__dash__")
                .replace("/", "__slash__");
    }
}
