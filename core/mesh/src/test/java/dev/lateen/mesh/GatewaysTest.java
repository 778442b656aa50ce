package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatewaysTest {
    private static String gateway(String allowed) {
        return """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: gateway}
            spec:
              selector: {istio: ingressgateway}
              servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [%s]}]
            """.formatted(allowed);
    }

    private static String rule(String namespace, String host) {
        return """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web, namespace: %s}
            spec:
              hosts: ["%s"]
              gateways: [default/gateway]
              http: [{route: [{destination: {host: web.default.svc.cluster.local}}]}]
            """.formatted(namespace, host);
    }

    private static Mesh mesh(String allowed, String namespace, String host) {
        return new Mesh()
                .service("web", "http", 80, 1)
                .with(gateway(allowed))
                .with(rule(namespace, host))
                .from("istio-system")
                .router("istio", "ingressgateway");
    }

    @Test
    void aServerIsAListenerWithARouteTable() {
        Mesh mesh = mesh("myweb-service.domain.com", "default", "myweb-service.domain.com");
        Listener listener = mesh.listener("0.0.0.0_80");
        assertThat(listener.hasBindToPort()).isFalse();
        assertThat(Mesh.http(listener.getFilterChains(0)).getRds().getRouteConfigName())
                .isEqualTo("http.80");
        assertThat(Mesh.http(listener.getFilterChains(0)).getUseRemoteAddress().getValue())
                .isTrue();
        VirtualHost host = mesh.virtualHost("http.80", "myweb-service.domain.com:80");
        assertThat(host.getDomainsList()).containsExactly("myweb-service.domain.com");
        assertThat(host.getRoutes(0).getRoute().getCluster()).isEqualTo("outbound|80||web.default.svc.cluster.local");
        VirtualHost rest = mesh.virtualHost("http.80", "blackhole:80");
        assertThat(rest.getDomainsList()).containsExactly("*");
        assertThat(rest.getRoutesList()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {headers: {"@request.auth.claims.a.b": {exact: x}}}      | path { key: "a" } path { key: "b" } value { or_match { value_matchers { list_match { one_of { string_match { exact: "x" } } } } value_matchers { string_match { exact: "x" } } } }
            {headers: {"@request.auth.claims[a.b][c]": {prefix: x}}} | path { key: "a.b" } path { key: "c" } value { or_match { value_matchers { list_match { one_of { string_match { prefix: "x" } } } } value_matchers { string_match { prefix: "x" } } } }
            {headers: {"@request.auth.claims.a": {}}}                | path { key: "a" } value { present_match: true }
            {withoutHeaders: {"@request.auth.claims.a": {regex: "x+"}}} | path { key: "a" } value { or_match { value_matchers { list_match { one_of { string_match { safe_regex { regex: "x+" } } } } } value_matchers { string_match { safe_regex { regex: "x+" } } } } } invert: true
            """)
    void claimsOfTokensAreMetadataOfTheFilterThatVerifiesThem(String match, String expected) throws Exception {
        RouteMatch found = mesh("'*'", "default", "a.com")
                .with("""
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {name: web}
                        spec:
                          hosts: [a.com]
                          gateways: [default/gateway]
                          http:
                          - {match: [%s], route: [{destination: {host: web}}]}
                          - {name: rest, route: [{destination: {host: web}}]}
                        """.formatted(match))
                .virtualHost("http.80", "a.com:80")
                .getRoutes(0)
                .getMatch();
        assertThat(found.getHeadersList()).isEmpty();
        assertThat(found.getDynamicMetadataList())
                .containsExactly(TextFormat.parse(
                        "filter: \"envoy.filters.http.jwt_authn\" path { key: \"payload\" } " + expected,
                        MetadataMatcher.class));
    }

    @Test
    void aTokenHasTheRouteChosenAgainAtGatewaysAlone() {
        String tokens = """
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: tokens, namespace: istio-system}
                spec: {jwtRules: [{issuer: a, jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ"}]}'}]}
                """;
        Mesh edge = mesh("'*'", "default", "a.com").with(tokens);
        assertThat(clearsRoute(edge.listener("0.0.0.0_80").getFilterChains(0))).isTrue();
        Listener inbound = new Mesh().service("web", "http", 80, 1).with(tokens).listener("virtualInbound");
        assertThat(inbound.getFilterChainsList().stream()
                        .filter(chain -> chain.getFiltersList().stream()
                                .anyMatch(filter -> filter.getTypedConfig().is(HttpConnectionManager.class)))
                        .map(GatewaysTest::clearsRoute))
                .isNotEmpty()
                .doesNotContain(true);
    }

    private static boolean clearsRoute(FilterChain chain) {
        return Mesh.http(chain).getHttpFiltersList().stream()
                .filter(filter -> filter.getTypedConfig().is(JwtAuthentication.class))
                .map(filter -> Mesh.unpack(filter.getTypedConfig(), JwtAuthentication.class))
                .findFirst()
                .orElseThrow()
                .getProvidersOrThrow("origins-0")
                .getClearRouteCache();
    }

    @Test
    void proxiesThatTheSelectorDoesNotTakeGetNothing() {
        Mesh mesh = mesh("'*'", "default", "a.com").label("istio", "egressgateway");
        assertThat(mesh.resources().of(ProxyResources.LISTENER)).isEmpty();
    }

    @Test
    void theServiceOfTheGatewaySaysWhichPortItListensAt() {
        Mesh mesh = mesh("'*'", "default", "a.com").with("""
                apiVersion: v1
                kind: Service
                metadata: {name: istio-ingressgateway, namespace: istio-system}
                spec: {clusterIP: 10.96.0.2, selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}]}
                """);
        assertThat(mesh.resources().of(ProxyResources.LISTENER)).containsOnlyKeys("0.0.0.0_8080");
        assertThat(mesh.resources().of(ProxyResources.ROUTE)).containsOnlyKeys("http.8080");
    }

    @Test
    void aPortThatNoServiceMapsIsItself() {
        Mesh mesh = mesh("'*'", "default", "a.com").with("""
                apiVersion: v1
                kind: Service
                metadata: {name: istio-ingressgateway, namespace: istio-system}
                spec: {clusterIP: 10.96.0.2, selector: {istio: ingressgateway}, ports: [{name: https, port: 443, targetPort: 8443}]}
                """);
        assertThat(mesh.resources().of(ProxyResources.LISTENER)).containsOnlyKeys("0.0.0.0_80");
    }

    @Test
    void tlsIsPassedOnByServerNameAndTcpByPort() {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("db", "tcp", 5432, 1)
                .with("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: gw}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 443, name: tls, protocol: TLS}, hosts: [web.com], tls: {mode: PASSTHROUGH}}
                  - {port: {number: 5432, name: tcp, protocol: TCP}, hosts: ["*"]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web}
                spec:
                  hosts: [web.com]
                  gateways: [gw]
                  tls: [{match: [{sniHosts: [web.com]}], route: [{destination: {host: web}}]}]
                  tcp: [{match: [{port: 5432}], route: [{destination: {host: db}}]}]
                """)
                .router("istio", "ingressgateway");
        var tls = mesh.listener("0.0.0.0_443").getFilterChains(0);
        assertThat(tls.getFilterChainMatch().getServerNamesList()).containsExactly("web.com");
        assertThat(Mesh.tcpCluster(tls)).isEqualTo("outbound|80||web.default.svc.cluster.local");
        assertThat(Mesh.tcpCluster(mesh.listener("0.0.0.0_5432").getFilterChains(0)))
                .isEqualTo("outbound|5432||db.default.svc.cluster.local");
    }

    /** A proxy refuses a listener of which two chains are for one server name. */
    @Test
    void ofTwoGatewaysWithOneNameTheOlderHasIt() {
        String gateway = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: %s, creationTimestamp: "%s"}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [%s], tls: {mode: SIMPLE, credentialName: %1$s}}]
                ---
                """;
        Mesh mesh = new Mesh()
                .with(gateway.formatted("late", "2026-01-02T00:00:00Z", "b.com, c.com")
                        + gateway.formatted("early", "2026-01-01T00:00:00Z", "a.com, b.com"))
                .router("istio", "ingressgateway");
        assertThat(mesh.listener("0.0.0.0_443").getFilterChainsList())
                .extracting(chain ->
                        chain.getFilterChainMatch().getServerNamesList().toString())
                .containsExactly("[a.com, b.com]", "[c.com]");
    }

    @Test
    void plainCallsAreSentToHttps() {
        Mesh mesh = new Mesh().with("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: gw}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [web.com], tls: {httpsRedirect: true}}]
                """).router("istio", "ingressgateway");
        assertThat(mesh.virtualHost("http.80", "web.com:80").getRequireTls())
                .isEqualTo(VirtualHost.TlsRequirementType.ALL);
    }

    /** Hosts that the server allows, namespace and host of the rule, and the host that is served. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            '"*"',             default, a.com,    a.com
            '"*.com"',         default, a.com,    a.com
            '"*.org"',         default, a.com,
            a.com,             default, '*.com',  a.com
            ./a.com,           default, a.com,    a.com
            ./a.com,           other,   a.com,
            other/a.com,       other,   a.com,    a.com
            '"*/a.com"',       other,   a.com,    a.com
            """)
    void servesWhatServerAndRuleHaveInCommon(String allowed, String namespace, String host, String served) {
        Mesh mesh = mesh(allowed, namespace, host);
        var hosts = mesh.routes("http.80").getVirtualHostsList().stream()
                .filter(h -> h.getRoutesCount() > 0)
                .map(h -> h.getDomains(0))
                .toList();
        assertThat(hosts).isEqualTo(served == null ? java.util.List.of() : java.util.List.of(served));
    }
}
