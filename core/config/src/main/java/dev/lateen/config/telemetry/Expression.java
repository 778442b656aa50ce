package dev.lateen.config.telemetry;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.navigation.CelNavigableExpr;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions (CEL) over the attributes of requests and connections (Envoy documentation, "Attributes"). */
final class Expression {
    private static final List<String> PEER =
            List.of("namespace", "cluster", "workload", "app", "version", "service", "revision");

    /** What proxies can tell, by attribute; more than one word where there are fields below. */
    private static final Map<String, List<String>> ATTRIBUTES = Map.of(
            "request",
            List.of(
                    "path",
                    "url_path",
                    "query",
                    "host",
                    "scheme",
                    "method",
                    "headers",
                    "referer",
                    "useragent",
                    "time",
                    "id",
                    "protocol",
                    "duration",
                    "size",
                    "total_size"),
            "response",
            List.of("code", "code_details", "grpc_status", "headers", "size", "total_size"),
            "source",
            List.of("address", "port"),
            "destination",
            List.of("address", "port"),
            "connection",
            List.of(
                    "requested_server_name",
                    "mtls",
                    "subject_peer_certificate",
                    "uri_san_peer_certificate",
                    "dns_san_peer_certificate",
                    "sha256_peer_certificate_digest"),
            "upstream",
            List.of("address", "port", "local_address", "transport_failure_reason", "request_attempt_count"),
            "xds",
            List.of("cluster_name", "route_name", "virtual_host_name"),
            "downstream_peer",
            PEER,
            "upstream_peer",
            PEER,
            "filter_state",
            List.of("downstream_peer", "upstream_peer"));

    private Expression() {}

    /** Made when the first expression is checked: most meshes have none. */
    private static final class Language {
        private static final CelCompiler COMPILER = compiler();

        private static CelCompiler compiler() {
            var builder = CelCompilerFactory.standardCelCompilerBuilder()
                    .setOptions(CelOptions.current()
                            .enableHeterogeneousNumericComparisons(true)
                            .build())
                    .setStandardMacros(CelStandardMacro.STANDARD_MACROS);
            ATTRIBUTES.keySet().forEach(name -> builder.addVar(name, SimpleType.DYN));
            return builder.build();
        }
    }

    /** Why an expression cannot be honoured, or null. */
    static @Nullable String problem(String expression) {
        try {
            CelAbstractSyntaxTree ast = Language.COMPILER.compile(expression).getAst();
            return CelNavigableAst.fromAst(ast)
                    .getRoot()
                    .allNodes()
                    .map(Expression::unknown)
                    .filter(problem -> problem != null)
                    .findFirst()
                    .orElse(null);
        } catch (CelValidationException e) {
            return "is no expression over attributes: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        }
    }

    /** What an attribute that no proxy can tell is called. */
    private static @Nullable String unknown(CelNavigableExpr node) {
        CelExpr expression = node.expr();
        if (expression.exprKind().getKind() != CelExpr.ExprKind.Kind.SELECT) {
            return null;
        }
        CelExpr of = expression.select().operand();
        String field = expression.select().field();
        if (of.exprKind().getKind() != CelExpr.ExprKind.Kind.IDENT) {
            return null;
        }
        String root = of.ident().name();
        List<String> known = ATTRIBUTES.get(root);
        return known == null || known.contains(field)
                ? null
                : "attribute " + root + "." + field + " is not there in this version; those of " + root + " are "
                        + String.join(", ", known);
    }
}
