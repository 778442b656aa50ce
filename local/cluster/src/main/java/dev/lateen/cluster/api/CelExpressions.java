package dev.lateen.cluster.api;

import dev.cel.bundle.Cel;
import dev.cel.bundle.CelFactory;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.common.values.NullValue;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The Common Expression Language with the libraries that Kubernetes brings, over variables of any type. Compiled
 * expressions are kept. Thread-safe.
 */
final class CelExpressions {
    private final Map<String, CelRuntime.Program> programs = new ConcurrentHashMap<>();
    private final List<String> variables;
    private @Nullable Cel language;

    /** @param variables what expressions may name */
    CelExpressions(List<String> variables) {
        this.variables = List.copyOf(variables);
    }

    /** Made when the first expression is compiled: most clusters have none. */
    private synchronized Cel language() {
        if (language == null) {
            language = make();
        }
        return language;
    }

    private Cel make() {
        CelOptions options =
                CelOptions.current().enableHeterogeneousNumericComparisons(true).build();
        var builder = CelFactory.plannerCelBuilder()
                .setOptions(options)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addCompilerLibraries(
                        CelExtensions.strings(),
                        CelExtensions.math(),
                        CelExtensions.lists(),
                        CelExtensions.sets(options),
                        CelExtensions.optional())
                .addRuntimeLibraries(
                        CelExtensions.strings(),
                        CelExtensions.math(),
                        CelExtensions.lists(),
                        CelExtensions.sets(options),
                        CelExtensions.optional());
        variables.forEach(variable -> builder.addVar(variable, SimpleType.DYN));
        return builder.build();
    }

    /** Why an expression cannot be compiled, or null. */
    @Nullable
    String problem(String expression) {
        try {
            compile(expression);
            return null;
        } catch (CelValidationException | CelEvaluationException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** What an expression gives. */
    Object evaluate(String expression, Map<String, Object> variables)
            throws CelValidationException, CelEvaluationException {
        return compile(expression).eval(variables);
    }

    private CelRuntime.Program compile(String expression) throws CelValidationException, CelEvaluationException {
        CelRuntime.Program program = programs.get(expression);
        if (program == null) {
            Cel cel = language();
            program = cel.createProgram(cel.compile(expression).getAst());
            programs.put(expression, program);
        }
        return program;
    }

    /** A number, text, truth value or null as expressions see it. */
    static Object scalar(JsonNode value) {
        if (value.isIntegralNumber()) {
            return value.asLong();
        }
        if (value.isNumber()) {
            return value.asDouble();
        }
        if (value.isBoolean()) {
            return value.asBoolean();
        }
        return value.isNull() ? NullValue.NULL_VALUE : value.asString("");
    }
}
