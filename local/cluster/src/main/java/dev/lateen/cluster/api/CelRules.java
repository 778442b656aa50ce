package dev.lateen.cluster.api;

import dev.cel.bundle.Cel;
import dev.cel.bundle.CelFactory;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

    private final Map<String, CelRuntime.Program> programs = new ConcurrentHashMap<>();

    /** Made when the first rule is compiled: most clusters have none. */
    private static final class Environment {
        static final CelOptions OPTIONS =
                CelOptions.current().enableHeterogeneousNumericComparisons(true).build();
        static final Cel CEL = CelFactory.plannerCelBuilder()
                .setOptions(OPTIONS)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addVar("self", SimpleType.DYN)
                .addVar("oldSelf", SimpleType.DYN)
                .addCompilerLibraries(
                        CelExtensions.strings(),
                        CelExtensions.math(),
                        CelExtensions.lists(),
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.optional())
                .addRuntimeLibraries(
                        CelExtensions.strings(),
                        CelExtensions.math(),
                        CelExtensions.lists(),
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.optional())
                .build();

        private Environment() {}
    }

    /** Why a rule cannot be compiled, or null. */
    @Nullable
    String problem(String rule) {
        try {
            compile(rule);
            return null;
        } catch (CelValidationException | CelEvaluationException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private CelRuntime.Program compile(String rule) throws CelValidationException, CelEvaluationException {
        CelRuntime.Program program = programs.get(rule);
        if (program == null) {
            program =
                    Environment.CEL.createProgram(Environment.CEL.compile(rule).getAst());
            programs.put(rule, program);
        }
        return program;
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
            if (Boolean.TRUE.equals(compile(text).eval(variables))) {
                return null;
            }
            String expression = rule.path("messageExpression").asString("");
            if (!expression.isEmpty() && compile(expression).eval(variables) instanceof String message) {
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
        if (value.isIntegralNumber()) {
            return schema.path("type").asString("").equals("number") ? (Object) value.asDouble() : value.asLong();
        }
        if (value.isNumber()) {
            return value.asDouble();
        }
        if (value.isBoolean()) {
            return value.asBoolean();
        }
        return value.isNull() ? dev.cel.common.values.NullValue.NULL_VALUE : value.asString("");
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
