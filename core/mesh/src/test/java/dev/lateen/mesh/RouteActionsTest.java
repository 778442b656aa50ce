package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteActionsTest {
    private static Mesh web(String host, String rule) {
        return new Mesh().service("web", "http", 80, 2).with("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec:
                  hosts: [%s]
                  http:
                  - %s
                """.formatted(host, rule));
    }

    private static List<Route> routes(String rule) {
        return web("web", rule)
                .virtualHost("80", "web.default.svc.cluster.local:80")
                .getRoutesList();
    }

    private static RouteAction action(String rule) {
        return routes(rule).getFirst().getRoute();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            redirect: {uri: /y}                                                | redirect { path_redirect: "/y" }
            redirect: {authority: b.com, scheme: https, redirectCode: 302}     | redirect { host_redirect: "b.com" path_redirect: "" scheme_redirect: "https" response_code: FOUND }
            redirect: {prefixRewrite: /z, port: 8080, redirectCode: 308}       | redirect { prefix_rewrite: "/z" port_redirect: 8080 response_code: PERMANENT_REDIRECT }
            redirect: {uri: /y, derivePort: FROM_REQUEST_PORT, scheme: https}  | redirect { path_redirect: "/y" scheme_redirect: "https" port_redirect: 80 }
            redirect: {uri: /y, derivePort: FROM_REQUEST_PORT}                 | redirect { path_redirect: "/y" }
            directResponse: {status: 418, body: {string: tea}}                 | direct_response { status: 418 body { inline_string: "tea" } }
            directResponse: {status: 200, body: {bytes: AQI=}}                 | direct_response { status: 200 body { inline_bytes: "\\001\\002" } }
            directResponse: {status: 204}                                      | direct_response { status: 204 }
            """)
    void answersWithoutAServer(String rule, String expected) throws TextFormat.ParseException {
        Route route = routes("{" + rule + "}").getFirst();
        Route wanted = TextFormat.parse(expected, Route.class);
        assertThat(route.getActionCase()).isEqualTo(wanted.getActionCase());
        assertThat(route.getRedirect()).isEqualTo(wanted.getRedirect());
        assertThat(route.getDirectResponse()).isEqualTo(wanted.getDirectResponse());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            rewrite: {uri: /new, authority: b.com}                              | prefix_rewrite: "/new" host_rewrite_literal: "b.com"
            rewrite: {uriRegexRewrite: {match: "^/a/(.*)$", rewrite: '/\\1'}}     | regex_rewrite { pattern { regex: "^/a/(.*)$" } substitution: "/\\\\1" }
            headers: {request: {set: {Host: c.com}}}                            | host_rewrite_literal: "c.com"
            """)
    void rewrites(String rule, String expected) throws TextFormat.ParseException {
        RouteAction wanted = TextFormat.parse(expected, RouteAction.class);
        RouteAction action = action("{" + rule + ", route: [{destination: {host: web}}]}");
        assertThat(action.getPrefixRewrite()).isEqualTo(wanted.getPrefixRewrite());
        assertThat(action.getRegexRewrite()).isEqualTo(wanted.getRegexRewrite());
        assertThat(action.getHostRewriteLiteral()).isEqualTo(wanted.getHostRewriteLiteral());
    }

    @Test
    void changesOfHeaderFields() throws TextFormat.ParseException {
        Route route = routes("""
                headers: {request: {set: {b: "1"}, add: {a: "2"}, remove: [c]}, response: {set: {d: "3"}}}
                    route: [{destination: {host: web}, headers: {request: {add: {e: "4"}}}}]
                """).getFirst();
        Route wanted = TextFormat.parse("""
                request_headers_to_add { header { key: "b" value: "1" } append_action: OVERWRITE_IF_EXISTS_OR_ADD }
                request_headers_to_add { header { key: "a" value: "2" } }
                request_headers_to_add { header { key: "e" value: "4" } }
                request_headers_to_remove: "c"
                response_headers_to_add { header { key: "d" value: "3" } append_action: OVERWRITE_IF_EXISTS_OR_ADD }
                """, Route.class);
        assertThat(route.getRequestHeadersToAddList()).isEqualTo(wanted.getRequestHeadersToAddList());
        assertThat(route.getRequestHeadersToRemoveList()).isEqualTo(wanted.getRequestHeadersToRemoveList());
        assertThat(route.getResponseHeadersToAddList()).isEqualTo(wanted.getResponseHeadersToAddList());
    }

    @Test
    void faultsAndCors() throws TextFormat.ParseException {
        Route route = routes("""
                fault: {delay: {fixedDelay: 2s, percentage: {value: 10}}, abort: {httpStatus: 500, percentage: {value: 0.1}}}
                    corsPolicy: {allowOrigins: [{exact: "https://a"}], allowMethods: [GET, PUT], maxAge: 1h}
                    route: [{destination: {host: web}}]
                """).getFirst();
        var fault = io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault.class;
        assertThat(Mesh.unpack(route.getTypedPerFilterConfigOrThrow("envoy.filters.http.fault"), fault))
                .isEqualTo(TextFormat.parse("""
                        delay { fixed_delay { seconds: 2 } percentage { numerator: 100000 denominator: MILLION } }
                        abort { http_status: 500 percentage { numerator: 1000 denominator: MILLION } }
                        """, fault));
        var cors = io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy.class;
        assertThat(Mesh.unpack(route.getTypedPerFilterConfigOrThrow("envoy.filters.http.cors"), cors))
                .isEqualTo(TextFormat.parse("""
                        allow_origin_string_match { exact: "https://a" }
                        allow_methods: "GET,PUT"
                        max_age: "3600"
                        filter_enabled { default_value { numerator: 100 } }
                        forward_not_matching_preflights { value: true }
                        """, cors));
    }

    @Test
    void ofSeveralDestinationsOneMayBeMissing() {
        RouteAction action = action("""
                route:
                    - {destination: {host: web}, weight: 1}
                    - {destination: {host: nowhere}, weight: 1}
                """);
        assertThat(action.getWeightedClusters().getClustersList())
                .extracting(c -> c.getName())
                .containsExactly(
                        "outbound|80||web.default.svc.cluster.local", "outbound|80||nowhere.default.svc.cluster.local");
    }

    @Test
    void rulesForHostsThatAreNoServiceHoldOnTheWebsPort() {
        VirtualHost host = web("a.org", "{route: [{destination: {host: web}}]}").virtualHost("80", "a.org:80");
        assertThat(host.getDomainsList()).containsExactly("a.org");
    }
}
