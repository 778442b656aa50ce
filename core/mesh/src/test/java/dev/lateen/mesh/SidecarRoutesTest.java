package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryPriority;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SidecarRoutesTest {
    private static final String HOST = "web.default.svc.cluster.local:80";

    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web}
            spec:
              hosts: [web]
              http:
              - %s
            """;

    private static Mesh web() {
        return new Mesh().service("web", "http", 80, 2);
    }

    private static List<Route> routes(String rule) {
        return web().with(RULE.formatted(rule)).virtualHost("80", HOST).getRoutesList();
    }

    private static RouteAction action(String rule) {
        return routes(rule).getFirst().getRoute();
    }

    @Test
    void aServiceWithoutRulesIsOneVirtualHost() throws TextFormat.ParseException {
        VirtualHost host = web().virtualHost("80", HOST);
        assertThat(host).isEqualTo(TextFormat.parse("""
                name: "web.default.svc.cluster.local:80"
                domains: "web.default.svc.cluster.local"
                domains: "web.default.svc.cluster.local."
                domains: "web"
                domains: "web.default.svc"
                domains: "web.default"
                domains: "10.96.0.%d"
                include_request_attempt_count: true
                routes {
                  name: "default"
                  match { prefix: "/" }
                  decorator { operation: "web.default.svc.cluster.local:80/*" }
                  route {
                    cluster: "outbound|80||web.default.svc.cluster.local"
                    timeout {}
                    max_grpc_timeout {}
                    retry_policy {
                      retry_on: "connect-failure,refused-stream,reset-before-request"
                      num_retries { value: 2 }
                      host_selection_retry_max_attempts: 5
                      retry_host_predicate {
                        name: "envoy.retry_host_predicates.previous_hosts"
                        typed_config {
                          type_url: "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                        }
                      }
                    }
                  }
                }
                """.formatted("web".hashCode() & 0x7f), VirtualHost.class));
    }

    @Test
    void shortNamesAreOfTheCallersNamespace() {
        assertThat(web().from("other").virtualHost("80", HOST).getDomainsList())
                .startsWith(
                        "web.default.svc.cluster.local",
                        "web.default.svc.cluster.local.",
                        "web.default.svc",
                        "web.default")
                .doesNotContain("web");
    }

    @ParameterizedTest(name = "retryRemoteLocalities: {0}")
    @CsvSource({"true, 2", "false, 0"})
    void retriesLeaveThePlacesThatFailed(String field, int every) {
        RetryPriority priority = action("""
                retries: {attempts: 3, retryOn: "5xx", retryRemoteLocalities: %s}
                    route: [{destination: {host: web}}]
                """.formatted(field)).getRetryPolicy().getRetryPriority();
        assertThat(
                        every == 0
                                ? 0
                                : Mesh.unpack(priority.getTypedConfig(), PreviousPrioritiesConfig.class)
                                        .getUpdateFrequency())
                .isEqualTo(every);
        assertThat(priority.getName()).isEqualTo(every == 0 ? "" : "envoy.retry_priorities.previous_priorities");
    }

    @Test
    void explicitRetriesAreObeyedToTheAttempt() throws TextFormat.ParseException {
        RouteAction action = action("""
                retries: {attempts: 30, perTryTimeout: 1s, retryOn: "gateway-error,reset,5xx"}
                    timeout: 30s
                    route: [{destination: {host: web}}]
                """);
        assertThat(action.getTimeout().getSeconds()).isEqualTo(30);
        assertThat(action.getRetryPolicy().toBuilder().clearRetryHostPredicate().build())
                .isEqualTo(TextFormat.parse("""
                        retry_on: "gateway-error,reset,5xx"
                        num_retries { value: 30 }
                        per_try_timeout { seconds: 1 }
                        host_selection_retry_max_attempts: 5
                        """, io.envoyproxy.envoy.config.route.v3.RetryPolicy.class));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            attempts: 0                               |                                              | 0 |
            attempts: 3                               | connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes,reset-before-request | 3 |
            attempts: 1, retryOn: "503,connect-failure" | connect-failure,retriable-status-codes     | 1 | 503
            attempts: 1, retryOn: 5xx                 | 5xx                                          | 1 |
            """)
    void retryConditions(String retries, String conditions, int attempts, Integer status) {
        var policy = action("{retries: {" + retries + "}, route: [{destination: {host: web}}]}")
                .getRetryPolicy();
        assertThat(policy.getRetryOn()).isEqualTo(conditions == null ? "" : conditions);
        assertThat(policy.getNumRetries().getValue()).isEqualTo(attempts);
        assertThat(policy.getRetriableStatusCodesList()).isEqualTo(status == null ? List.of() : List.of(status));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {uri: {exact: /a}}                              | path: "/a" case_sensitive { value: true }
            {uri: {prefix: /a}, ignoreUriCase: true}        | prefix: "/a" case_sensitive {}
            {uri: {regex: "/a.*"}}                          | safe_regex { regex: "/a.*" } case_sensitive { value: true }
            {headers: {cookie: {regex: "^(.*?;)?(usertype=tester)(;.*)?$"}}} | prefix: "/" case_sensitive { value: true } headers { name: "cookie" string_match { safe_regex { regex: "^(.*?;)?(usertype=tester)(;.*)?$" } } }
            {headers: {b: {}, a: {exact: x}}}               | prefix: "/" case_sensitive { value: true } headers { name: "a" string_match { exact: "x" } } headers { name: "b" present_match: true }
            {withoutHeaders: {a: {prefix: x}}}              | prefix: "/" case_sensitive { value: true } headers { name: "a" string_match { prefix: "x" } invert_match: true treat_missing_header_as_empty: true }
            {withoutHeaders: {a: {}}}                       | prefix: "/" case_sensitive { value: true } headers { name: "a" present_match: true invert_match: true }
            {withoutHeaders: {a: {regex: "*"}}}             | prefix: "/" case_sensitive { value: true } headers { name: "a" present_match: true invert_match: true }
            {uri: {prefix: ""}}                             | prefix: "" case_sensitive { value: true }
            {method: {exact: GET}, scheme: {exact: http}, authority: {prefix: w}} | prefix: "/" case_sensitive { value: true } headers { name: ":method" string_match { exact: "GET" } } headers { name: ":authority" string_match { prefix: "w" } } headers { name: ":scheme" string_match { exact: "http" } }
            {queryParams: {q: {exact: "1"}, r: {}}}         | prefix: "/" case_sensitive { value: true } query_parameters { name: "q" string_match { exact: "1" } } query_parameters { name: "r" present_match: true }
            {port: 80}                                      | prefix: "/" case_sensitive { value: true }
            {sourceNamespace: default}                      | prefix: "/" case_sensitive { value: true }
            {sourceLabels: {app: client}}                   | prefix: "/" case_sensitive { value: true }
            {gateways: [mesh]}                              | prefix: "/" case_sensitive { value: true }
            """)
    void matches(String match, String expected) throws TextFormat.ParseException {
        RouteMatch found = web().label("app", "client")
                .with(RULE.formatted("{name: one, match: [" + match + "], route: [{destination: {host: web}}]}"))
                .virtualHost("80", HOST)
                .getRoutes(0)
                .getMatch();
        assertThat(found).isEqualTo(TextFormat.parse(expected, RouteMatch.class));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {port: 81}
            {sourceNamespace: other}
            {sourceLabels: {app: other}}
            {gateways: [some-gateway]}
            """)
    void aMatchOfOtherCallersOrPortsLeavesTheServicesOwnRoute(String match) {
        assertThat(routes("{match: [" + match + "], route: [{destination: {host: web}}], timeout: 1s}"))
                .extracting(Route::getName)
                .containsExactly("default");
    }

    @Test
    void routesAfterOneThatTakesAllAreLeftOut() {
        List<Route> routes = routes("""
                {name: a, match: [{uri: {prefix: /a}}], route: [{destination: {host: web}}]}
                  - {name: b, route: [{destination: {host: web}}]}
                  - {name: c, route: [{destination: {host: web}}]}
                """);
        assertThat(routes).extracting(Route::getName).containsExactly("a", "b");
    }

    @Test
    void weightsShareOutAmongSubsets() throws TextFormat.ParseException {
        RouteAction action = web().with(subsets())
                .with(RULE.formatted("""
                        route:
                            - {destination: {host: web, subset: v1}, weight: 90}
                            - {destination: {host: web, subset: v2}, weight: 10}
                        """))
                .virtualHost("80", HOST)
                .getRoutes(0)
                .getRoute();
        assertThat(action.getWeightedClusters())
                .isEqualTo(TextFormat.parse("""
                        clusters { name: "outbound|80|v1|web.default.svc.cluster.local" weight { value: 90 } }
                        clusters { name: "outbound|80|v2|web.default.svc.cluster.local" weight { value: 10 } }
                        """, io.envoyproxy.envoy.config.route.v3.WeightedCluster.class));
    }

    private static String subsets() {
        return """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
                """;
    }

    @Test
    void mirrors() throws TextFormat.ParseException {
        RouteAction action = web().service("sniffer", "http", 80, 1)
                .with(RULE.formatted("{route: [{destination: {host: web}}], mirror: {host: sniffer}}"))
                .virtualHost("80", HOST)
                .getRoutes(0)
                .getRoute();
        assertThat(action.getRequestMirrorPolicies(0))
                .isEqualTo(TextFormat.parse("""
                        cluster: "outbound|80||sniffer.default.svc.cluster.local"
                        runtime_fraction { default_value { numerator: 100 } }
                        trace_sampled {}
                        disable_shadow_host_suffix_append: true
                        """, RouteAction.RequestMirrorPolicy.class));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            httpHeaderName: User                            | header { header_name: "User" }
            useSourceIp: true                               | connection_properties { source_ip: true }
            httpQueryParameterName: q                       | query_parameter { name: "q" }
            httpCookie: {name: c, path: /, ttl: 60s}        | cookie { name: "c" path: "/" ttl { seconds: 60 } }
            """)
    void hashPolicies(String key, String expected) throws TextFormat.ParseException {
        Mesh mesh = web().with("""
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, trafficPolicy: {loadBalancer: {consistentHash: {%s}}}}
                """.formatted(key));
        RouteAction action = mesh.virtualHost("80", HOST).getRoutes(0).getRoute();
        assertThat(action.getHashPolicyList())
                .containsExactly(TextFormat.parse(expected, RouteAction.HashPolicy.class));
        assertThat(action.getRetryPolicy().getRetryHostPredicateList()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {host: nowhere}               | no Service and no ServiceEntry that default sees has host nowhere.default.svc.cluster.local, which VirtualService default/web (spec.http[0]) routes to
            {host: web, port: {number: 81}} | Service default/web has no port 81, which VirtualService default/web (spec.http[0]) routes to
            {host: web, subset: v9}       | no DestinationRule of host web.default.svc.cluster.local has a subset v9, which VirtualService default/web (spec.http[0]) routes to
            """)
    void aDestinationThatDoesNotExistAnswers503WithItsName(String destination, String body) {
        var answer = routes("{route: [{destination: " + destination + "}]}")
                .getFirst()
                .getDirectResponse();
        assertThat(answer.getStatus()).isEqualTo(503);
        assertThat(answer.getBody().getInlineString()).isEqualTo(body + "\n");
    }

    @Test
    void unknownHostsPassOrAreRefused() {
        assertThat(web().virtualHost("80", "allow_any").getRoutes(0).getRoute().getCluster())
                .isEqualTo("PassthroughCluster");
        var refused = web().settings("outboundTrafficPolicy: {mode: REGISTRY_ONLY}")
                .virtualHost("80", "block_all")
                .getRoutes(0);
        assertThat(refused.getDirectResponse().getStatus()).isEqualTo(502);
        assertThat(refused.getDirectResponse().getBody().getInlineString())
                .startsWith("ServiceEntry missing")
                .contains("number: 80");
        // body_format, which names the host that was asked for.
        assertThat(refused.getDirectResponse().getUnknownFields().getField(3).getLengthDelimitedList())
                .singleElement()
                .satisfies(format -> assertThat(format.toStringUtf8())
                        .contains("no Service or ServiceEntry has %REQ(:AUTHORITY)% on port 80"));
    }

    @Test
    void theOldestOfTwoRulesWinsAndTheOtherIsAProblem() {
        Mesh mesh = web().with("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: b, creationTimestamp: 2026-01-01T00:00:00Z}
                spec: {hosts: [web], http: [{name: old, route: [{destination: {host: web}}]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: a, creationTimestamp: 2026-01-02T00:00:00Z}
                spec: {hosts: [web], http: [{name: new, route: [{destination: {host: web}}]}]}
                """);
        assertThat(mesh.virtualHost("80", HOST).getRoutesList())
                .extracting(Route::getName)
                .containsExactly("old");
        assertThat(mesh.snapshot().problems())
                .extracting(Object::toString)
                .containsExactly("test.yaml:9: spec.hosts[0]: has no effect in the mesh, as VirtualService default/b"
                        + " rules the same host and comes first (test.yaml:1); put the routes into one VirtualService");
    }
}
