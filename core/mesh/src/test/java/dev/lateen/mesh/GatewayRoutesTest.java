package dev.lateen.mesh;

import static dev.lateen.mesh.GatewayApiTest.http;
import static dev.lateen.mesh.GatewayApiTest.mesh;
import static dev.lateen.mesh.GatewayApiTest.routes;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What routes of the Gateway API (gateway.networking.k8s.io) do, at a Gateway and within the mesh. */
class GatewayRoutesTest {
    /** What a route matches: {@code =EXACT}, {@code PREFIX} or {@code ~REGEX}. */
    static String path(Route route) {
        RouteMatch match = route.getMatch();
        return switch (match.getPathSpecifierCase()) {
            case PATH -> "=" + match.getPath();
            case PREFIX -> match.getPrefix();
            case SAFE_REGEX -> "~" + match.getSafeRegex().getRegex();
            default -> throw new AssertionError(match);
        };
    }

    @Test
    void matches_of_all_routes_of_a_host_are_put_in_order() {
        String first = """
                rules:
                - {matches: [{path: {value: /}}], backendRefs: [{name: web, port: 80}]}
                - {matches: [{path: {value: /a}, method: GET}, {path: {value: /a}}], backendRefs: [{name: web, port: 80}]}
                """.replace("\n", " ");
        String second = """
                rules:
                - {matches: [{path: {value: /a/b/}}, {path: {type: Exact, value: /a}}, {path: {type: RegularExpression, value: /r.*}}],
                   backendRefs: [{name: other, port: 80}]}
                - {matches: [{path: {value: /a}, headers: [{name: x, value: "1"}, {name: z, value: "1"}]}], backendRefs: [{name: other, port: 80}]}
                """.replace("\n", " ");
        Mesh mesh = mesh(http("one", yaml(first)), http("two", yaml(second)));
        assertThat(routes(mesh))
                .extracting(GatewayRoutesTest::path)
                .containsExactly("=/a", "~/r.*", "=/a/b", "/a/b/", "=/a", "/a/", "=/a", "/a/", "=/a", "/a/", "/");
        assertThat(routes(mesh).get(4).getMatch().getHeadersList())
                .extracting(h -> h.getName())
                .containsExactly(":method");
    }

    /** Lists as flow style, so that they fit into a spec of one line. */
    private static String yaml(String rules) {
        String body = rules.strip().substring("rules:".length()).strip();
        StringBuilder flow = new StringBuilder("rules: [");
        String[] items = body.split("(^|\\s+)- \\{");
        for (int i = 1; i < items.length; i++) {
            flow.append(i > 1 ? ", " : "").append('{').append(items[i].strip());
        }
        return flow.append(']').toString();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            {type: ReplacePrefixMatch, replacePrefixMatch: /new}  | =/old /new     | /old/ /new/
            {type: ReplacePrefixMatch, replacePrefixMatch: /new/} | =/old /new/    | /old/ /new/
            {type: ReplacePrefixMatch, replacePrefixMatch: /}     | =/old /        | /old/ /
            {type: ReplacePrefixMatch, replacePrefixMatch: ""}    | =/old /        | /old/ /
            """)
    void a_prefix_is_replaced_by_whole_segments(String modifier, String itself, String below) {
        String rule = "rules: [{matches: [{path: {value: /old}}], filters: [{type: %s, %s: {path: %s}}]%s}]";
        List<Route> rewritten = routes(mesh(http(
                "r", rule.formatted("URLRewrite", "urlRewrite", modifier, ", backendRefs: [{name: web, port: 80}]"))));
        assertThat(rewritten)
                .extracting(r -> path(r) + " " + r.getRoute().getPrefixRewrite())
                .containsExactly(itself, below);
        List<Route> redirected =
                routes(mesh(http("r", rule.formatted("RequestRedirect", "requestRedirect", modifier, ""))));
        assertThat(redirected)
                .extracting(r -> path(r) + " " + r.getRedirect().getPathRedirect()
                        + r.getRedirect().getPrefixRewrite())
                .containsExactly(itself, below);
        assertThat(redirected.getFirst().getRedirect().getResponseCode().name()).isEqualTo("FOUND");
    }

    @Test
    void weights_and_a_share_that_goes_nowhere() {
        List<Route> routes = routes(mesh(http(
                "r",
                "rules: [{backendRefs: [{name: web, port: 80, weight: 9}, {name: gone, port: 80},"
                        + " {name: other, port: 80, weight: 0}]}]")));
        assertThat(routes.getFirst().getRoute().getWeightedClusters().getClustersList())
                .extracting(c -> c.getName() + " " + c.getWeight().getValue())
                .containsExactly(
                        "outbound|80||web.default.svc.cluster.local 9", "outbound|80||invalid-backend.invalid 1");
        assertThat(routes.getFirst().getRoute().getClusterNotFoundResponseCode().name())
                .isEqualTo("INTERNAL_SERVER_ERROR");
    }

    @ParameterizedTest(name = "{0} is answered with 500")
    @CsvSource(delimiter = '|', textBlock = """
            rules: [{backendRefs: [{name: gone, port: 80}]}]
            rules: [{backendRefs: [{name: web, port: 80, weight: 0}]}]
            rules: [{}]
            """)
    void a_rule_without_a_place_to_go(String rules) {
        Route route = routes(mesh(http("r", rules))).getFirst();
        assertThat(route.getDirectResponse().getStatus()).isEqualTo(500);
    }

    @Test
    void connections_by_server_name_and_all() {
        Mesh mesh = mesh("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: TLSRoute
                metadata: {name: t}
                spec: {parentRefs: [{name: edge}], hostnames: [s.example], rules: [{backendRefs: [{name: web, port: 80}]}]}
                ---
                apiVersion: gateway.networking.k8s.io/v1alpha2
                kind: TCPRoute
                metadata: {name: c}
                spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: other, port: 80}]}]}
                """);
        var byName = mesh.listener("0.0.0.0_443").getFilterChains(0);
        assertThat(byName.getFilterChainMatch().getServerNamesList()).containsExactly("s.example");
        assertThat(Mesh.tcpCluster(byName)).isEqualTo("outbound|80||web.default.svc.cluster.local");
        assertThat(Mesh.tcpCluster(mesh.listener("0.0.0.0_9000").getFilterChains(0)))
                .isEqualTo("outbound|80||other.default.svc.cluster.local");
    }

    @Test
    void calls_of_grpc() {
        Mesh mesh = mesh("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: GRPCRoute
                metadata: {name: g}
                spec:
                  parentRefs: [{name: edge, sectionName: http}]
                  hostnames: [a.example.com]
                  rules:
                  - matches:
                    - {method: {service: s.Echo, method: Say}}
                    - {method: {service: s.Echo}}
                    - {method: {method: Say.It}}
                    - {method: {type: RegularExpression, service: "s[.].*"}}
                    backendRefs: [{name: web, port: 80}]
                """);
        assertThat(routes(mesh))
                .extracting(GatewayRoutesTest::path)
                .containsExactly("=/s.Echo/Say", "~/[^/]+/Say\\.It", "~/s[.].*/[^/]+", "=/s.Echo", "/s.Echo/");
    }

    @Test
    void a_route_of_a_service_rules_calls_within_the_mesh() {
        String route = """
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: %s, namespace: %s}
                spec:
                  parentRefs: [{group: "", kind: Service, name: web, namespace: default, port: 80}]
                  rules: [{matches: [{path: {value: /%s}}], backendRefs: [{name: other, namespace: default, port: 80}]}]
                """;
        String grant = """
                apiVersion: gateway.networking.k8s.io/v1beta1
                kind: ReferenceGrant
                metadata: {name: g}
                spec:
                  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
                  to: [{group: "", kind: Service}]
                """;
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("other", "http", 80, 1)
                .with(grant)
                .with(route.formatted("own", "default", "own"))
                .with(route.formatted("theirs", "shop", "theirs"));
        String host = "web.default.svc.cluster.local:80";
        assertThat(mesh.virtualHost("80", host).getRoutesList())
                .extracting(GatewayRoutesTest::path)
                .containsExactly("=/own", "/own/");
        assertThat(mesh.from("shop").virtualHost("80", host).getRoutesList())
                .extracting(GatewayRoutesTest::path)
                .containsExactly("=/theirs", "/theirs/");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            retry: {}                                                                                  | 2 | connect-failure,refused-stream,unavailable,cancelled             | 0   | -
            retry: {attempts: 4, codes: [500, 503], backoff: 20ms}                                     | 4 | connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes | 20  | 500, 503
            """)
    void a_rule_is_tried_again(String retry, int attempts, String on, long backoff, String codes) {
        var policy = routes(mesh(http("r", "rules: [{%s, backendRefs: [{name: web, port: 80}]}]".formatted(retry))))
                .getFirst()
                .getRoute()
                .getRetryPolicy();
        assertThat(policy.getNumRetries().getValue()).isEqualTo(attempts);
        assertThat(policy.getRetryOn()).isEqualTo(on);
        assertThat(Durations.toMillis(policy.getRetryBackOff().getBaseInterval()))
                .isEqualTo(backoff);
        assertThat(policy.getRetriableStatusCodesList()).hasToString(codes == null ? "[]" : "[" + codes + "]");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            {codes: [200]}    | retry.codes[0]: must be from 400 to 599
            {attempts: 0}     | retry.attempts: must be at least 1
            {backoff: 0s}     | retry.backoff: must be at least 0.001s
            """)
    void retries_that_cannot_be(String retry, String problem) {
        assertThat(new dev.lateen.config.ConfigReader()
                        .readText("f.yaml", http("r", "rules: [{retry: %s}]".formatted(retry)))
                        .problems()
                        .toString())
                .contains(problem);
    }
}
