package dev.lateen.proxycore.expression;

import dev.cel.bundle.Cel;
import dev.cel.bundle.CelFactory;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.types.SimpleType;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.FormatContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A compiled expression (CEL, github.com/google/cel-spec) over a stream's {@link Attributes}. Immutable and thread-safe;
 * equal when the text is.
 */
public final class Expression {
    private final String text;
    private final CelRuntime.Program program;
    private final List<String> roots;

    private Expression(String text, CelRuntime.Program program, List<String> roots) {
        this.text = text;
        this.program = program;
        this.roots = roots;
    }

    /** Made when the first expression is compiled: most proxies have none. */
    private static final class Language {
        private static final Cel CEL = make();

        private static Cel make() {
            var builder = CelFactory.plannerCelBuilder()
                    .setOptions(CelOptions.current()
                            .enableHeterogeneousNumericComparisons(true)
                            .build())
                    .setStandardMacros(CelStandardMacro.STANDARD_MACROS);
            Attributes.ROOTS.forEach(root -> builder.addVar(root, SimpleType.DYN));
            return builder.build();
        }
    }

    /** Compiles an expression; one that names an unknown attribute is refused. */
    public static Expression compile(String text, Place at) throws CompileException {
        try {
            CelAbstractSyntaxTree ast = Language.CEL.compile(text).getAst();
            List<String> roots = CelNavigableAst.fromAst(ast)
                    .getRoot()
                    .allNodes()
                    .map(node -> node.expr())
                    .filter(expr -> expr.exprKind().getKind() == CelExpr.ExprKind.Kind.IDENT)
                    .map(expr -> expr.ident().name())
                    .filter(Attributes.ROOTS::contains)
                    .distinct()
                    .toList();
            return new Expression(text, Language.CEL.createProgram(ast), roots);
        } catch (CelValidationException | CelEvaluationException e) {
            String why = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw at.refuse("expression \"" + text + "\" cannot be compiled: " + why);
        }
    }

    /** Whether it is true of a stream; false as well when it asks for what is not known, as in Envoy. */
    public boolean holds(FormatContext stream) {
        return Boolean.TRUE.equals(value(stream));
    }

    /** Its value for a stream as text; null when it asks for what is not known. */
    public @Nullable String text(FormatContext stream) {
        Object value = value(stream);
        return value == null ? null : String.valueOf(value);
    }

    private @Nullable Object value(FormatContext stream) {
        Map<String, Object> variables = HashMap.newHashMap(roots.size());
        for (String root : roots) {
            variables.put(root, Attributes.of(root, stream));
        }
        try {
            return program.eval(variables);
        } catch (CelEvaluationException e) {
            return null;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Expression that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
