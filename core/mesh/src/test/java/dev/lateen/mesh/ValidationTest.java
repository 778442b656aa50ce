package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValidationTest {
    private static List<String> problems(boolean complete, String yaml) {
        Mesh mesh = new Mesh().service("web", "http", 80, 2).with("""
                apiVersion: v1
                kind: Service
                metadata: {name: two}
                spec: {clusterIP: 10.96.0.77, selector: {app: two}, ports: [{name: http, port: 80}, {name: tcp, port: 81}]}
                """);
        return Validation.check(mesh.with(yaml).snapshot(), complete).stream()
                .map(Problem::toString)
                .toList();
    }

    private static String virtualService(String spec) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: a}
                spec:
                  %s
                """.formatted(spec.replace("~", "\n  "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            hosts: [web]~http: [{route: [{destination: {host: web}}]}]                                  |
            hosts: [web]~http: [{route: [{destination: {host: wep}}]}]                                  | test.yaml:6: spec.http[0].route[0].destination.host: no Service and no ServiceEntry has host wep.default.svc.cluster.local
            hosts: [web]~http: [{route: [{destination: {host: web, port: {number: 81}}}]}]              | test.yaml:6: spec.http[0].route[0].destination.port.number: Service default/web has no port 81
            hosts: [web]~http: [{route: [{destination: {host: web, subset: v1}}]}]                      | test.yaml:6: spec.http[0].route[0].destination.subset: no DestinationRule of host web.default.svc.cluster.local names subsets
            hosts: [web]~http: [{route: [{destination: {host: web}}], mirror: {host: m}}]               | test.yaml:6: spec.http[0].mirror.host: no Service and no ServiceEntry has host m.default.svc.cluster.local
            hosts: [two]~http: [{route: [{destination: {host: two}}]}]                                  | test.yaml:6: warning: spec.http[0].route[0].destination: Service default/two has several ports: without port requests go to the one they came for
            hosts: [web]~tcp: [{route: [{destination: {host: x}}]}]                                     | test.yaml:6: spec.tcp[0].route[0].destination.host: no Service and no ServiceEntry has host x.default.svc.cluster.local
            hosts: [web]~tls: [{match: [{sniHosts: [web]}], route: [{destination: {host: x}}]}]         | test.yaml:6: spec.tls[0].route[0].destination.host: no Service and no ServiceEntry has host x.default.svc.cluster.local
            hosts: [web]~gateways: [mesh, other/gw]~http: [{route: [{destination: {host: web}}]}]       | test.yaml:6: spec.gateways[1]: there is no Gateway other/gw
            hosts: [web]~http: [{match: [{gateways: [g]}], route: [{destination: {host: web}}]}]        | test.yaml:6: spec.http[0].match[0].gateways[0]: there is no Gateway default/g
            hosts: [web]~http: [{route: [{destination: {host: web}}]}, {redirect: {uri: /}}]            | test.yaml:6: warning: spec.http[1]: never gets a request, as spec.http[0] takes every one
            hosts: [web]~http: [{match: [{name: any}], redirect: {uri: /}}, {redirect: {uri: /}}]         | test.yaml:6: warning: spec.http[1]: never gets a request, as spec.http[0] takes every one
            hosts: [web]~http: [{match: [{port: 80}], redirect: {uri: /}}, {redirect: {uri: /}}]        |
            hosts: [web]~http: [{delegate: {name: b}}, {redirect: {uri: /}}]                            | test.yaml:6: spec.http[0].delegate: there is no VirtualService default/b
            hosts: [web]~tcp: [{route: [{destination: {host: web}}]}, {match: [{port: 80}], route: [{destination: {host: web}}]}] | test.yaml:6: warning: spec.tcp[1]: never gets a connection, as spec.tcp[0] takes every one
            hosts: [web]~tcp: [{match: [{port: 80}], route: [{destination: {host: web}}]}, {match: [{port: 81}, {port: 80}], route: [{destination: {host: web}}]}] | test.yaml:6: warning: spec.tcp[1].match[1]: never gets a connection, as spec.tcp[0] has the same conditions
            hosts: [web]~tls: [{match: [{sniHosts: [web]}], route: [{destination: {host: web}}]}, {match: [{sniHosts: [web]}], route: [{destination: {host: web}}]}] | test.yaml:6: warning: spec.tls[1].match[0]: never gets a connection, as spec.tls[0] has the same conditions
            """)
    void virtualServices(String spec, String problem) {
        assertThat(problems(true, virtualService(spec))).isEqualTo(problem == null ? List.of() : List.of(problem));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            retries: {attempts: 2}                                                                                     | |
            retries: {attempts: 0}                                                                                     | |
            retries: {attempts: 2, retryOn: "connect-failure,refused-stream"}                                          | |
            retries: {attempts: 2, retryOn: "5xx"}                                                                     | POST, PATCH | 5xx
            retries: {attempts: 2, retryOn: "connect-failure, reset,503"}                                              | POST, PATCH | reset, 503
            retries: {attempts: 2, retryOn: "5xx"}, match: [{method: {exact: GET}}]                                    | |
            retries: {attempts: 2, retryOn: "5xx"}, match: [{method: {regex: "[GP][EA].*"}, uri: {prefix: /a}}]         | PATCH /a* | 5xx
            retries: {attempts: 2, retryOn: "5xx"}, match: [{uri: {exact: /a}}, {uri: {regex: "/b+"}, method: {prefix: P}}] | POST /a, PATCH /a, POST ~/b+, PATCH ~/b+ | 5xx
            """)
    void retriesThatMayDoAThingTwice(String rule, String calls, String conditions) {
        String warning = "test.yaml:6: warning: spec.http[0].retries: " + calls
                + " would be repeated after they reached the app (on " + conditions
                + "), which may do twice what they ask"
                + " for; give them a rule of their own before this one, with retryOn:"
                + " connect-failure,refused-stream,reset-before-request";
        String route = "hosts: [web]~http: [{route: [{destination: {host: web}}], " + rule + "}]";
        assertThat(problems(true, virtualService(route))).isEqualTo(calls == null ? List.of() : List.of(warning));
    }

    @Test
    void retriesOfMethodsThatAnEarlierRuleTakes() {
        String route = "route: [{destination: {host: web}}]";
        String rules = "hosts: [web]~http: [{match: [{method: {regex: POST}}], " + route + "}, {" + route
                + ", retries: {attempts: 2, retryOn: reset}}]";
        assertThat(problems(true, virtualService(rules)))
                .singleElement()
                .asString()
                .contains("spec.http[1].retries: PATCH would be repeated");
    }

    @Test
    void inASetOfFilesWhatIsMissingMayBeInTheCluster() {
        assertThat(problems(false, virtualService("hosts: [wep]~http: [{route: [{destination: {host: wep}}]}]")))
                .containsExactly(
                        "test.yaml:6: warning: spec.http[0].route[0].destination.host:"
                                + " no Service and no ServiceEntry has host wep.default.svc.cluster.local, unless the cluster has it");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {host: web, subsets: [{name: v1, labels: {version: v1}}]}     |
            {host: nowhere}                                               | test.yaml:4: spec.host: no Service and no ServiceEntry has host nowhere.default.svc.cluster.local
            {host: web, subsets: [{name: v9, labels: {version: v9}}]}     | test.yaml:4: warning: spec.subsets[0].labels: no endpoint of Service default/web has these labels now: requests to subset v9 fail
            {host: web, trafficPolicy: {portLevelSettings: [{port: {number: 8}, tls: {mode: DISABLE}}]}} | test.yaml:4: spec.trafficPolicy.portLevelSettings[0].port.number: Service default/web has no port 8
            {host: "*.com"}                                               |
            """)
    void destinationRules(String spec, String problem) {
        assertThat(problems(true, """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: a}
                spec: %s
                """.formatted(spec))).isEqualTo(problem == null ? List.of() : List.of(problem));
    }

    @ParameterizedTest
    @CsvSource({"shop, true", "istio-system, false"})
    void aRouteByClaimsWhereNobodyVerifiesTokens(String namespace, boolean warned) {
        String rules = Mesh.pod("edge", "10.244.9.9", "istio: ingressgateway")
                        .replace("name: edge,", "name: edge, namespace: istio-system,")
                + """
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.com]}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: a}
                spec:
                  hosts: [a.com]
                  gateways: [edge]
                  http: [{match: [{headers: {"@request.auth.claims.sub": {exact: ann}}}], route: [{destination: {host: web}}]}]
                ---
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: tokens, namespace: %s}
                spec: {jwtRules: [{issuer: a, jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ"}]}'}]}
                """.formatted(namespace);
        String warning = "spec.gateways[0]: no RequestAuthentication holds for pod istio-system/edge of Gateway"
                + " default/edge: it verifies no token, so that no request has a claim";
        assertThat(problems(true, rules).stream().anyMatch(problem -> problem.contains(warning)))
                .isEqualTo(warned);
        assertThat(problems(false, rules)).noneMatch(problem -> problem.contains("RequestAuthentication"));
    }

    @Test
    void aSubsetThatTheRuleLacks() {
        assertThat(problems(
                        true,
                        """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}
                ---
                """ + virtualService("hosts: [web]~http: [{route: [{destination: {host: web, subset: v2}}]}]")))
                .containsExactly("test.yaml:11: spec.http[0].route[0].destination.subset:"
                        + " DestinationRule default/web (test.yaml:1) has no subset v2");
    }

    @Test
    void rulesOfOneHostInSeveralObjects() {
        assertThat(problems(true, """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: a}
                spec: {host: web, trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [{name: v1}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: b}
                spec: {host: web.default.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [{name: v1}, {name: v2}]}
                """))
                .containsExactly(
                        "test.yaml:9: spec.subsets[0]: subset \"v1\": has no effect, as DestinationRule default/a says it"
                                + " for the same host and comes first (test.yaml:1); write one DestinationRule per host",
                        "test.yaml:9: spec.trafficPolicy: has no effect, as DestinationRule default/a says it"
                                + " for the same host and comes first (test.yaml:1); write one DestinationRule per host");
    }

    @Test
    void aGatewayThatServesOtherHosts() {
        assertThat(problems(false, """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: gw}
                spec: {selector: {istio: x}, servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a.com]}]}
                ---
                """ + virtualService("hosts: [b.com]~gateways: [gw]~http: [{redirect: {uri: /}}]")))
                .containsExactly(
                        "test.yaml:11: spec.gateways[0]: Gateway default/gw (test.yaml:1) serves none of these hosts");
    }

    @Test
    void gatewaysOfTheSameProxies() {
        assertThat(problems(true, """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: a}
                spec: {selector: {app: web}, servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a.com]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: b}
                spec: {selector: {app: web}, servers: [{port: {number: 80, name: a, protocol: TCP}, hosts: ["*"]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: c}
                spec: {selector: {app: none}, servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ["*"]}]}
                """))
                .containsExactly(
                        "test.yaml:9: spec.servers[0].port.protocol: port 80 cannot carry both HTTP and another protocol,"
                                + " as Gateway default/a (test.yaml:1) has it",
                        "test.yaml:14: warning: spec.selector: no pod has these labels: nothing opens these ports");
    }

    @Test
    void serviceEntries() {
        assertThat(problems(true, """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: a}
                spec: {hosts: [web.default.svc.cluster.local], ports: [{number: 80, name: http, protocol: HTTP}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: b}
                spec: {hosts: [b.org], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: c}
                spec: {hosts: [c.org], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}
                """))
                .containsExactly(
                        "test.yaml:4: spec.hosts[0]: is the host of Service default/web, which wins",
                        "test.yaml:9: warning: spec.ports[0]: takes every connection to port 5432, whatever its address:"
                                + " give addresses, or have proxies answer DNS (ISTIO_META_DNS_CAPTURE)",
                        "test.yaml:14: spec.ports[0]: connections to port 5432 cannot be told apart from those of"
                                + " ServiceEntry default/b (test.yaml:6): give addresses");
    }
}
