package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** DestinationRule {@code trafficPolicy.tunnel}: whose connections are the content of a request, as Istio has it. */
class TunnelTest {
    private static final String FAR = "tunnel: {targetHost: far.test, targetPort: 443}";

    /** Where the connections of service db go, the policy of service hop, that of its subset, and the request. */
    @ParameterizedTest(name = "{0} {1} {2}")
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
            {host: hop}                             ; FAR                                                   ; {}  ; CONNECT far.test:443
            {host: hop}                             ; tunnel: {protocol: CONNECT, targetHost: 192.0.2.1, targetPort: 1}  ; {}  ; CONNECT 192.0.2.1:1
            {host: hop}                             ; tunnel: {protocol: POST, targetHost: "2001:db8::1", targetPort: 1} ; {}  ; POST [2001:db8::1]:1
            {host: hop}                             ; FAR, portLevelSettings: [{port: {number: 3128}, tls: {mode: DISABLE}}] ; {}  ; CONNECT far.test:443
            {host: hop, subset: all}                ; FAR                                                   ; {}  ; -
            {host: hop, subset: all}                ; tls: {mode: DISABLE}                                  ; {FAR} ; CONNECT far.test:443
            {host: hop}                             ; tls: {mode: DISABLE}                                  ; {FAR} ; -
            {host: db}                              ; FAR                                                   ; {}  ; -
            {host: hop}, {host: db}                 ; FAR                                                   ; {}  ; CONNECT far.test:443
            {host: db}, {host: hop}                 ; FAR                                                   ; {}  ; -
            {host: hop, subset: all}, {host: db}    ; FAR                                                   ; {}  ; CONNECT far.test:443
            {host: hop, subset: all}, {host: db}    ; tls: {mode: DISABLE}                                  ; {FAR} ; -
            """)
    void theRuleOfWhereTheConnectionGoes(String destinations, String policy, String subset, String request) {
        String[] all = destinations.split("(?<=}), ");
        StringBuilder route = new StringBuilder();
        for (String each : all) {
            route.append("{destination: ").append(each).append(all.length == 1 ? "}, " : ", weight: 50}, ");
        }
        Mesh mesh = new Mesh()
                .service("db", "tcp", 5432, 1)
                .service("hop", "tcp", 3128, 1)
                .with("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: db}
                spec: {hosts: [db], tcp: [{route: [%s]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: hop}
                spec: {host: hop, trafficPolicy: {%s}, subsets: [{name: all, labels: {app: hop}, trafficPolicy: %s}]}
                """.formatted(
                                route,
                                policy.replace("FAR", FAR),
                                subset.equals("{}") ? "{tls: {mode: DISABLE}}" : subset.replace("FAR", FAR)));
        String found = mesh.resources().of(ProxyResources.LISTENER).values().stream()
                .map(listener -> (io.envoyproxy.envoy.config.listener.v3.Listener) listener)
                .filter(listener -> listener.getName().endsWith("_5432"))
                .flatMap(listener -> listener.getFilterChainsList().stream())
                .map(TunnelTest::request)
                .collect(Collectors.joining(" and "));
        assertThat(found).isEqualTo(request);
    }

    private static String request(FilterChain chain) {
        TcpProxy proxy = Mesh.unpack(chain.getFilters(0).getTypedConfig(), TcpProxy.class);
        return proxy.hasTunnelingConfig()
                ? (proxy.getTunnelingConfig().getUsePost() ? "POST " : "CONNECT ")
                        + proxy.getTunnelingConfig().getHostname()
                : "-";
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {tunnel: {targetHost: a.test, targetPort: 1}}                      | ``
            {tunnel: {protocol: GET, targetHost: a.test, targetPort: 1}}       | spec.trafficPolicy.tunnel.protocol: expected CONNECT or POST, found "GET"
            {tunnel: {targetHost: "*.test", targetPort: 1}}                    | spec.trafficPolicy.tunnel.targetHost: "*.test" is many hosts; expected one DNS name or address
            {tunnel: {targetHost: "a b", targetPort: 1}}                       | spec.trafficPolicy.tunnel.targetHost: "a b" is no host
            {tunnel: {targetHost: a.test, targetPort: 70000}}                  | spec.trafficPolicy.tunnel.targetPort: must be at most 65535, found 70000
            {tunnel: {targetHost: a.test}}                                     | spec.trafficPolicy.tunnel.targetPort: is required
            {tunnel: {targetHost: a.test, targetPort: 1}, proxyProtocol: {}}   | spec.trafficPolicy.tunnel: and proxyProtocol exclude each other
            """)
    void whatIsNoTunnelIsRefused(String policy, String problem) {
        String problems = new ConfigReader()
                .readText("rule.yaml", """
                        apiVersion: networking.istio.io/v1
                        kind: DestinationRule
                        metadata: {name: hop}
                        spec: {host: hop, trafficPolicy: %s}
                        """.formatted(policy)).problems().stream()
                        .map(Problem::toString)
                        .collect(Collectors.joining("; "));
        assertThat(problems).contains(problem);
        assertThat(problems.isEmpty()).isEqualTo(problem.isEmpty());
    }
}
