package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.Route;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What leads to hosts that proxies look up for each request: no more than the wildcard says. */
class DynamicDnsTest {
    private static final String ENTRY = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: wild}
            spec:
              hosts: ["*.wild.test"]
              ports: [{number: %d, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
              resolution: DYNAMIC_DNS
            """;

    @ParameterizedTest(name = "{0} at port {1}: {2}")
    @CsvSource({
        "a.wild.test, 80, true",
        "a.wild.test:80, 80, true",
        "a.wild.test., 80, true",
        "A.Wild.TEST, 80, true",
        "a.b.wild.test, 80, true",
        "wild.test, 80, false",
        ".wild.test, 80, false",
        "a.wildxtest, 80, false",
        "a.wild.test.evil.example, 80, false",
        "evil.example/a.wild.test, 80, false",
        "evil.example:80@a.wild.test, 80, false",
        "a.wild.test:8080, 80, false",
        "a.wild.test:8080, 8080, true",
        "a.wild.test, 8080, false",
        "a.wild.test:80800, 8080, false",
        "10.0.0.1, 80, false"
    })
    void requests_for_these_hosts_have_a_route(String authority, int port, boolean taken) {
        Route route = new Mesh()
                .with(ENTRY.formatted(port))
                .virtualHost(Integer.toString(port), "*.wild.test:" + port)
                .getRoutes(0);
        HeaderMatcher guard = route.getMatch().getHeaders(0);
        assertThat(guard.getName()).isEqualTo(":authority");
        assertThat(Pattern.matches(guard.getStringMatch().getSafeRegex().getRegex(), authority))
                .isEqualTo(taken);
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource({
        "*-x.wild.test, a-x.wild.test, true",
        "*-x.wild.test, b.a-x.wild.test, true",
        "*-x.wild.test, -x.wild.test, false",
        "*-x.wild.test, a.wild.test, false",
        "*-x.wild.test, x.wild.test, false",
        "*x.wild.test, ax.wild.test, true",
        "*x.wild.test, a.x.wild.test, true",
        "*x.wild.test, x.wild.test, false",
        "*x.wild.test, evil.example/ax.wild.test, false"
    })
    void wildcards_that_begin_within_a_label(String wildcard, String authority, boolean taken) {
        Route route = new Mesh()
                .with("""
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata: {name: wild}
                        spec:
                          hosts: ["%s"]
                          ports: [{number: 80, name: http, protocol: HTTP}]
                          resolution: DYNAMIC_DNS
                        """.formatted(wildcard))
                .virtualHost("80", wildcard + ":80")
                .getRoutes(0);
        HeaderMatcher guard = route.getMatch().getHeaders(0);
        assertThat(Pattern.matches(guard.getStringMatch().getSafeRegex().getRegex(), authority))
                .isEqualTo(taken);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            '["*.wild.test"]'              | '["a.wild.test"]'              | a.wild.test
            '["*.wild.test"]'              | '["*.wild.test"]'              | *.wild.test
            '["*.test"]'                   | '["*.test"]'                   | *.wild.test
            '["*.wild.test", "b.example"]' | '["a.wild.test", "b.example"]' | a.wild.test
            '["b.example"]'                | '["b.example"]'                | ''
            """)
    void connections_for_these_server_names_are_passed(String hosts, String wanted, String names) {
        Mesh mesh = new Mesh().with(ENTRY.formatted(80)).with("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: v}
                spec:
                  hosts: %s
                  tls: [{match: [{sniHosts: %s}], route: [{destination: {host: "*.wild.test", port: {number: 443}}}]}]
                """.formatted(hosts, wanted));
        String passed = mesh.listener("0.0.0.0_443").getFilterChainsList().stream()
                .filter(chain -> chain.getFilters(0).getName().contains("sni_dynamic_forward_proxy"))
                .flatMap(chain -> chain.getFilterChainMatch().getServerNamesList().stream())
                .distinct()
                .collect(Collectors.joining(" "));
        // Without a chain of the rule the entry's own is there.
        assertThat(passed).isEqualTo(names.isEmpty() ? "*.wild.test" : names);
    }

    @Test
    void requests_are_not_shared_with_others() {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .with(ENTRY.formatted(80))
                .with("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: v}
                spec:
                  hosts: [web]
                  http: [{route: [{destination: {host: "*.wild.test"}, weight: 1}, {destination: {host: web}, weight: 1}]}]
                """);
        Route route = mesh.virtualHost("80", "web.default.svc.cluster.local:80").getRoutes(0);
        assertThat(route.getDirectResponse().getStatus()).isEqualTo(503);
        assertThat(route.getDirectResponse().getBody().getInlineString()).contains("*.wild.test is looked up");
    }
}
