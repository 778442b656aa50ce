package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Policies that have services asked, and policies for Gateways, as Istio has them. */
class CustomAuthorizationTest {
    private static final String SETTINGS = """
            extensionProviders:
            - name: web
              envoyExtAuthzHttp:
                service: asked.default.svc.cluster.local
                port: 80
                timeout: 2s
                statusOnError: "503"
                includeRequestHeadersInCheck: [x-asked, "x-more-*"]
                includeAdditionalHeadersInCheck: {x-from: mesh}
                headersToUpstreamOnAllow: [x-user]
                headersToDownstreamOnDeny: [x-why]
                headersToDownstreamOnAllow: ["*-seen"]
                pathPrefix: /check
                clearRouteCache: true
                includeRequestBodyInCheck: {maxRequestBytes: 1024, allowPartialMessage: true}
            - name: older
              envoyExtAuthzHttp:
                service: asked.default.svc.cluster.local
                port: 80
                failOpen: true
                includeHeadersInCheck: [x-asked]
            - name: grpc
              envoyExtAuthzGrpc:
                service: default/asked.default.svc.cluster.local
                port: 80
                timeout: 3s
                failOpen: true
                statusOnError: "503"
                statPrefix: asked
                clearRouteCache: true
                includeRequestBodyInCheck: {maxRequestBytes: 7, packAsBytes: true}
            - name: away
              envoyExtAuthzGrpc: {service: away.example, port: 80}
            """;

    @Test
    void a_service_is_asked_before_all_other_rules_about_what_rules_chose() {
        HttpConnectionManager manager = manager(policy("web") + """
                ---
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: d}
                spec: {action: DENY, rules: [{}]}
                """);
        assertThat(manager.getHttpFiltersList().stream().map(HttpFilter::getName))
                .startsWith("envoy.filters.http.rbac", "envoy.filters.http.ext_authz", "envoy.filters.http.rbac");
        ExtAuthz asks = Mesh.unpack(manager.getHttpFilters(1).getTypedConfig(), ExtAuthz.class);
        assertThat(asks.getFilterEnabledMetadata().getPath(0).getKey())
                .isEqualTo("istio_ext_authz_shadow_effective_policy_id");
        assertThat(asks.getFilterEnabledMetadata().getValue().getStringMatch().getPrefix())
                .isEqualTo("istio-ext-authz-web-ns[");
        assertThat(asks.getStatusOnError().getCodeValue()).isEqualTo(503);
        assertThat(asks.getFailureModeAllow()).isFalse();
        assertThat(asks.getHttpService().getServerUri().getCluster())
                .isEqualTo("outbound|80||asked.default.svc.cluster.local");
        assertThat(asks.getHttpService().getServerUri().getTimeout().getSeconds())
                .isEqualTo(2);
        assertThat(asks.getAllowedHeaders().getPatterns(1).getPrefix()).isEqualTo("x-more-");
        assertThat(asks.getWithRequestBody().getMaxRequestBytes()).isEqualTo(1024);
        assertThat(asks.getWithRequestBody().getAllowPartialMessage()).isTrue();
        assertThat(asks.getHttpService().getPathPrefix()).isEqualTo("/check");
        assertThat(asks.getClearRouteCache()).isTrue();
        assertThat(asks.getHttpService().getAuthorizationRequest().getHeadersToAddList())
                .singleElement()
                .satisfies(header ->
                        assertThat(header.getKey() + "=" + header.getValue()).isEqualTo("x-from=mesh"));
        var answer = asks.getHttpService().getAuthorizationResponse();
        assertThat(answer.getAllowedUpstreamHeaders().getPatterns(0).getExact()).isEqualTo("x-user");
        assertThat(answer.getAllowedClientHeaders().getPatterns(0).getExact()).isEqualTo("x-why");
        assertThat(answer.getAllowedClientHeadersOnSuccess().getPatterns(0).getSuffix())
                .isEqualTo("-seen");
    }

    @Test
    void the_older_name_of_the_fields_that_a_service_sees_and_a_failure_that_lets_pass() {
        ExtAuthz asks = Mesh.unpack(manager(policy("older")).getHttpFilters(1).getTypedConfig(), ExtAuthz.class);
        assertThat(asks.getAllowedHeaders().getPatterns(0).getExact()).isEqualTo("x-asked");
        assertThat(asks.getClearRouteCache()).isFalse();
        assertThat(asks.getFailureModeAllow()).isTrue();
        assertThat(asks.getHttpService().getServerUri().getTimeout().getSeconds())
                .isEqualTo(600);
        assertThat(asks.getStatusOnError().getCodeValue()).isEqualTo(403);
    }

    @Test
    void a_service_of_grpc_is_asked_with_the_callers_certificate() {
        ExtAuthz asks = Mesh.unpack(manager(policy("grpc")).getHttpFilters(1).getTypedConfig(), ExtAuthz.class);
        assertThat(asks.getFailureModeAllow()).isTrue();
        assertThat(asks.getIncludePeerCertificate()).isTrue();
        assertThat(asks.getGrpcService().getTimeout().getSeconds()).isEqualTo(3);
        assertThat(asks.getStatusOnError().getCodeValue()).isEqualTo(503);
        assertThat(asks.getStatPrefix()).isEqualTo("asked");
        assertThat(asks.getClearRouteCache()).isTrue();
        assertThat(asks.getWithRequestBody().getMaxRequestBytes()).isEqualTo(7);
        assertThat(asks.getWithRequestBody().getPackAsBytes()).isTrue();
        assertThat(asks.getGrpcService().getEnvoyGrpc().getClusterName())
                .isEqualTo("outbound|80||asked.default.svc.cluster.local");
    }

    @ParameterizedTest
    @CsvSource({
        "grpc, envoy.filters.network.rbac envoy.filters.network.ext_authz envoy.filters.network.tcp_proxy",
        "web,  envoy.filters.network.tcp_proxy",
        "away, envoy.filters.network.rbac envoy.filters.network.tcp_proxy",
    })
    void a_service_of_grpc_is_asked_about_connections_too(String provider, String filters) {
        assertThat(connections(policy(provider)).stream().map(Filter::getName).collect(Collectors.joining(" ")))
                .isEqualTo(filters);
    }

    @Test
    void about_connections_that_rules_chose() {
        List<Filter> filters = connections(policy("grpc"));
        var rules = Mesh.unpack(
                filters.get(0).getTypedConfig(), io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC.class);
        assertThat(rules.hasRules()).isFalse();
        assertThat(rules.getShadowRules().getPoliciesMap())
                .containsOnlyKeys("istio-ext-authz-grpc-ns[default]-policy[c]-rule[0]");
        var asks = Mesh.unpack(
                filters.get(1).getTypedConfig(),
                io.envoyproxy.envoy.extensions.filters.network.ext_authz.v3.ExtAuthz.class);
        assertThat(rules.getShadowRulesStatPrefix() + "shadow_effective_policy_id")
                .isEqualTo(asks.getFilterEnabledMetadata().getPath(0).getKey());
        assertThat(asks.getFilterEnabledMetadata().getFilter()).isEqualTo("envoy.filters.network.rbac");
        assertThat(asks.getFilterEnabledMetadata().getValue().getStringMatch().getPrefix())
                .isEqualTo("istio-ext-authz-grpc-ns[");
        assertThat(asks.getFailureModeAllow()).isTrue();
        assertThat(asks.getIncludePeerCertificate()).isTrue();
        assertThat(asks.getGrpcService().getEnvoyGrpc().getClusterName())
                .isEqualTo("outbound|80||asked.default.svc.cluster.local");
        assertThat(asks.getGrpcService().getTimeout().getSeconds()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            web    |
            nobody | spec.provider.name: the mesh's settings have no extensionProviders named "nobody" (they have web, older, grpc, away); requests that match are refused
            away   | spec.provider.name: service away.example with port 80 of provider "away" is not there; requests that match are refused
            """)
    void who_cannot_be_asked_is_named(String provider, String problem) {
        assertThat(Validation.check(mesh(policy(provider)).snapshot(), true).stream()
                        .map(p -> p.path() + ": " + p.message()))
                .isEqualTo(problem == null ? List.of() : List.of(problem));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {action: CUSTOM, rules: [{}]}                                                                    | spec.provider
            {action: DENY, provider: {name: web}, rules: [{}]}                                               | spec.provider
            {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]}                    |
            {targetRefs: [{kind: Service, group: '', name: web}]}                                            | spec.targetRefs[0].kind
            {targetRefs: [{kind: Gateway, group: networking.istio.io, name: web}]}                           | spec.targetRefs[0].kind
            {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge, namespace: other}]}  | spec.targetRefs[0].namespace
            {selector: {matchLabels: {a: b}}, targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]} | spec.targetRefs
            """)
    void what_a_policy_may_not_say(String spec, String field) {
        assertThat(new ConfigReader()
                                .readText(
                                        "policy.yaml",
                                        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\nspec: "
                                                + spec)
                                .problems()
                                .stream()
                                .filter(Problem::isError)
                                .map(Problem::path))
                .isEqualTo(field == null ? List.of() : List.of(field));
    }

    @Test
    void a_policy_for_a_gateway_holds_at_its_proxies_alone() {
        Mesh mesh = mesh("""
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: d}
                spec:
                  action: DENY
                  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
                  rules: [{}]
                """);
        var rules = mesh.snapshot().rules().security();
        String label = "gateway.networking.k8s.io/gateway-name";
        assertThat(rules.policies("default", java.util.Map.of(label, "edge"))).hasSize(1);
        assertThat(rules.policies("default", java.util.Map.of(label, "other"))).isEmpty();
        assertThat(rules.policies("other", java.util.Map.of(label, "edge"))).isEmpty();
        assertThat(rules.policies("default", java.util.Map.of("app", "web"))).isEmpty();
    }

    @Test
    void a_policy_becomes_a_rehearsal_and_real_again_by_its_annotation_alone() {
        String real = policy("web").replace("CUSTOM, provider: {name: web}", "DENY");
        String rehearsed = real.replace("{name: c}", "{name: c, annotations: {istio.io/dry-run: \"true\"}}");
        Mesh mesh = mesh(real);
        Snapshot first = mesh.snapshot();
        Snapshot second = mesh.with(rehearsed).snapshot();
        assertThat(second).isNotSameAs(first);
        assertThat(mesh.with(rehearsed).snapshot()).isSameAs(second);
        assertThat(mesh.with(real).snapshot()).isNotSameAs(second);
    }

    private static String policy(String provider) {
        return """
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: c}
                spec: {action: CUSTOM, provider: {name: %s}, rules: [{}]}
                """.formatted(provider);
    }

    private static Mesh mesh(String policies) {
        return new Mesh().settings(SETTINGS).service("asked", "http", 80, 1).with(policies);
    }

    /** What connections to the workload pass whose content is not read. */
    private static List<Filter> connections(String policies) {
        return mesh(policies).listener("virtualInbound").getFilterChainsList().stream()
                .map(FilterChain::getFiltersList)
                .filter(filters -> filters.getLast().getTypedConfig().is(TcpProxy.class))
                .max(Comparator.comparingInt(List::size))
                .orElseThrow();
    }

    private static HttpConnectionManager manager(String policies) {
        for (FilterChain chain : mesh(policies).listener("virtualInbound").getFilterChainsList()) {
            for (var filter : chain.getFiltersList()) {
                if (filter.getTypedConfig().is(HttpConnectionManager.class)) {
                    return Mesh.unpack(filter.getTypedConfig(), HttpConnectionManager.class);
                }
            }
        }
        throw new AssertionError("no chain of HTTP");
    }
}
