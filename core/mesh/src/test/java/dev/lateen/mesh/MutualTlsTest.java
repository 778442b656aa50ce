package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What PeerAuthentication, DestinationRule and a pod's label make of both ends, as Istio has it. */
class MutualTlsTest {
    private static final String LABEL = "security.istio.io/tlsMode: istio";
    private static final String HTTP_ALPN = "[istio-http/1.0, istio-http/1.1, istio-h2]";
    private static final String ANY_ALPN = "[istio, istio-peer-exchange, istio-http/1.0, istio-http/1.1, istio-h2]";
    private static final String TCP_ALPN = "[istio-peer-exchange, istio]";

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                // rules; port's name; label; chains
                "'';                       http;  mesh;  TLS " + ANY_ALPN + " http | raw_buffer http",
                "'';                       tcp;   mesh;  TLS " + ANY_ALPN + " tcp | raw_buffer tcp | tls tcp",
                "'';                       any;   mesh;  TLS " + HTTP_ALPN + " http | TLS " + TCP_ALPN
                        + " tcp | raw_buffer [http/1.1, h2c] http | raw_buffer tcp | tls tcp",
                "'';                       http;  none;  any http",
                "'';                       tcp;   none;  any tcp",
                "'';                       any;   none;  raw_buffer [http/1.1, h2c] http | any tcp",
                "mesh STRICT;              http;  mesh;  TLS http",
                "mesh STRICT;              tcp;   mesh;  TLS tcp",
                "mesh STRICT;              any;   mesh;  TLS " + HTTP_ALPN + " http | TLS tcp",
                "mesh STRICT;              http;  none;  TLS http",
                "mesh DISABLE;             http;  mesh;  any http",
                "mesh UNSET;               http;  mesh;  TLS " + ANY_ALPN + " http | raw_buffer http",
                "mesh STRICT, ns DISABLE;  http;  mesh;  any http",
                "mesh DISABLE, ns STRICT;  http;  mesh;  TLS http",
                "mesh STRICT, ns UNSET;    http;  mesh;  TLS http",
                "ns STRICT, app DISABLE;   http;  mesh;  any http",
                "ns DISABLE, app UNSET;    http;  mesh;  any http",
                "ns STRICT, app UNSET;     http;  mesh;  TLS http",
                "app STRICT;               http;  mesh;  TLS http",
                "other STRICT;             http;  mesh;  TLS " + ANY_ALPN + " http | raw_buffer http",
                "ns STRICT, port DISABLE;  http;  mesh;  any http",
                "ns DISABLE, port STRICT;  http;  mesh;  TLS http",
                "ns STRICT, port UNSET;    http;  mesh;  TLS http",
            })
    void what_a_port_takes(String rules, String portName, String label, String chains) {
        Mesh mesh = workload(portName, label).with(rules(rules));
        assertThat(chains(mesh, 8080)).isEqualTo(chains);
    }

    @Test
    void ports_that_no_service_has_follow_the_workload() {
        Mesh mesh = workload("http", "mesh").with(rules("app STRICT"));
        assertThat(chains(mesh, 0)).isEqualTo("TLS " + HTTP_ALPN + " http | TLS tcp");
        assertThat(mesh.listener("virtualInbound").getListenerFiltersList().stream()
                        .map(ListenerFilter::getName)
                        .toList())
                .startsWith("envoy.filters.listener.original_dst", "envoy.filters.listener.tls_inspector");
    }

    @Test
    void callers_must_show_a_certificate_of_the_trust_domain() {
        Mesh mesh =
                workload("http", "mesh").settings("trustDomain: mesh.example").with(rules("mesh STRICT"));
        FilterChain chain = mesh.listener("virtualInbound").getFilterChainsList().stream()
                .filter(c -> c.getFilterChainMatch().getDestinationPort().getValue() == 8080)
                .findFirst()
                .orElseThrow();
        DownstreamTlsContext tls = Mesh.unpack(chain.getTransportSocket().getTypedConfig(), DownstreamTlsContext.class);
        assertThat(tls.getRequireClientCertificate().getValue()).isTrue();
        CommonTlsContext common = tls.getCommonTlsContext();
        assertThat(common.getAlpnProtocolsList()).containsExactly("h2", "http/1.1");
        assertThat(names(common)).isEqualTo("prefix spiffe://mesh.example/");
        assertThat(common.getTlsCertificateSdsSecretConfigsList())
                .extracting(SdsSecretConfig::getName)
                .containsExactly("default");
        assertThat(common.getCombinedValidationContext()
                        .getValidationContextSdsSecretConfig()
                        .getName())
                .isEqualTo("ROOTCA");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                // rule's mode; label; rules; what the cluster does; endpoint marked
                "'';           mesh; '';            mesh endpoints; yes",
                "'';           none; '';            plain;          no",
                "'';           mesh; mesh STRICT;   mesh endpoints; yes",
                "'';           none; mesh STRICT;   plain;          no",
                "'';           mesh; mesh DISABLE;  plain;          no",
                "'';           mesh; app DISABLE;   plain;          no",
                "'';           mesh; port DISABLE;  plain;          no",
                "DISABLE;      mesh; '';            plain;          yes",
                "DISABLE;      mesh; mesh STRICT;   plain;          yes",
                "DISABLE;      none; '';            plain;          no",
                "ISTIO_MUTUAL; mesh; '';            all;            yes",
                "ISTIO_MUTUAL; none; '';            all;            no",
                "ISTIO_MUTUAL; mesh; mesh DISABLE;  all;            no",
            })
    void what_a_caller_speaks(String mode, String label, String rules, String cluster, String marked) {
        Mesh mesh = workload("http", label).with(rules(rules)).at("10.244.0.99");
        if (!mode.isEmpty()) {
            mesh.with("""
                    apiVersion: networking.istio.io/v1
                    kind: DestinationRule
                    metadata: {name: web}
                    spec: {host: web, trafficPolicy: {tls: {mode: %s}}}
                    """.formatted(mode));
        }
        Cluster found = mesh.cluster("outbound|80||web.default.svc.cluster.local");
        String speaks = found.hasTransportSocket()
                ? "all"
                : found.getTransportSocketMatchesCount() == 0 ? "plain" : "mesh endpoints";
        assertThat(speaks).isEqualTo(cluster);
        boolean isMarked = mesh.endpoints(found.getName())
                .getEndpoints(0)
                .getLbEndpoints(0)
                .getMetadata()
                .containsFilterMetadata("envoy.transport_socket_match");
        assertThat(isMarked).isEqualTo(marked.equals("yes"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "http;  istio-http/1.1 istio http/1.1",
                "http2; istio-h2 istio h2",
                "tcp;   istio",
                "any;   istio",
            })
    void the_server_is_asked_for_by_name_and_must_be_one_of_its_accounts(String portName, String alpn) {
        Mesh mesh = workload(portName, "mesh").at("10.244.0.99");
        TransportSocket socket = mesh.cluster("outbound|80||web.default.svc.cluster.local")
                .getTransportSocketMatches(0)
                .getTransportSocket();
        UpstreamTlsContext tls = Mesh.unpack(socket.getTypedConfig(), UpstreamTlsContext.class);
        assertThat(tls.getSni()).isEqualTo("outbound_.80_._.web.default.svc.cluster.local");
        assertThat(String.join(" ", tls.getCommonTlsContext().getAlpnProtocolsList()))
                .isEqualTo(alpn);
        assertThat(names(tls.getCommonTlsContext())).isEqualTo("exactly spiffe://cluster.local/ns/default/sa/default");
    }

    @Test
    void a_rule_may_say_for_what_name_is_asked_and_which_is_believed() {
        Mesh mesh = workload("http", "mesh").at("10.244.0.99").with("""
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web}
                spec:
                  host: web
                  trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: web.example, subjectAltNames: ["spiffe://other/web"]}}
                """);
        UpstreamTlsContext tls = Mesh.unpack(
                mesh.cluster("outbound|80||web.default.svc.cluster.local")
                        .getTransportSocket()
                        .getTypedConfig(),
                UpstreamTlsContext.class);
        assertThat(tls.getSni()).isEqualTo("web.example");
        assertThat(names(tls.getCommonTlsContext())).isEqualTo("exactly spiffe://other/web");
    }

    /** A workload that is no pod, by itself and within its ServiceEntry. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "workloadSelector: {labels: {app: vm}}",
                "endpoints: [{address: 10.9.0.1, labels: {app: vm, " + LABEL + "}, serviceAccount: machines}]",
            })
    void an_entry_says_whose_certificate_its_workload_shows(String endpoints) {
        Mesh mesh = new Mesh().with("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: vm, namespace: shop}
                spec:
                  hosts: [vm.example]
                  location: MESH_INTERNAL
                  resolution: STATIC
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  %s
                ---
                apiVersion: networking.istio.io/v1
                kind: WorkloadEntry
                metadata: {name: vm-1, namespace: shop}
                spec: {address: 10.9.0.1, labels: {app: vm, %s}, serviceAccount: machines}
                """.formatted(endpoints, LABEL)).at("10.244.0.99");
        UpstreamTlsContext tls = Mesh.unpack(
                mesh.cluster("outbound|80||vm.example")
                        .getTransportSocketMatches(0)
                        .getTransportSocket()
                        .getTypedConfig(),
                UpstreamTlsContext.class);
        assertThat(names(tls.getCommonTlsContext())).isEqualTo("exactly spiffe://cluster.local/ns/shop/sa/machines");
    }

    private static Mesh workload(String portName, String label) {
        return new Mesh()
                .with(Mesh.pod("web-0", "10.244.0.9", "app: web" + (label.equals("mesh") ? ", " + LABEL : "")))
                .with("""
                        apiVersion: v1
                        kind: Service
                        metadata: {name: web}
                        spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{name: %1$s, port: 80, targetPort: 8080}]}
                        ---
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: {name: web-x, labels: {kubernetes.io/service-name: web}}
                        addressType: IPv4
                        ports: [{name: %1$s, port: 8080}]
                        endpoints: [{addresses: [10.244.0.9], conditions: {ready: true}, targetRef: {kind: Pod, name: web-0}}]
                        """.formatted(portName));
    }

    private static String rules(String text) {
        return text.isEmpty()
                ? ""
                : List.of(text.split(", ")).stream()
                        .map(rule -> rule(rule.substring(0, rule.indexOf(' ')), rule.substring(rule.indexOf(' ') + 1)))
                        .collect(Collectors.joining("---\n"));
    }

    private static String rule(String reach, String mode) {
        String namespace = reach.equals("mesh") ? "istio-system" : "default";
        String selector =
                switch (reach) {
                    case "mesh", "ns" -> "";
                    case "other" -> "selector: {matchLabels: {app: other}},";
                    default -> "selector: {matchLabels: {app: web}},";
                };
        String modes = reach.equals("port")
                ? "portLevelMtls: {8080: {mode: %s}}".formatted(mode)
                : "mtls: {mode: %s}".formatted(mode);
        return """
                apiVersion: security.istio.io/v1
                kind: PeerAuthentication
                metadata: {name: %s, namespace: %s}
                spec: {%s %s}
                """.formatted(reach, namespace, selector, modes);
    }

    /** The chains of a port of the workload in words; TLS in capitals ends in the proxy. */
    private static String chains(Mesh mesh, int port) {
        return mesh.listener("virtualInbound").getFilterChainsList().stream()
                .filter(c -> !c.getName().endsWith("blackhole"))
                .filter(c -> c.getFilterChainMatch().getDestinationPort().getValue() == port)
                .map(MutualTlsTest::describe)
                .collect(Collectors.joining(" | "));
    }

    private static String describe(FilterChain chain) {
        var match = chain.getFilterChainMatch();
        String transport = chain.hasTransportSocket() ? "TLS" : match.getTransportProtocol();
        if (chain.hasTransportSocket()) {
            assertThat(match.getTransportProtocol()).isEqualTo("tls");
        }
        String alpn = match.getApplicationProtocolsCount() == 0
                ? ""
                : " [" + String.join(", ", match.getApplicationProtocolsList()) + "]";
        boolean http = chain.getFilters(chain.getFiltersCount() - 1).getName().endsWith("http_connection_manager");
        return (transport.isEmpty() ? "any" : transport) + alpn + (http ? " http" : " tcp");
    }

    private static String names(CommonTlsContext common) {
        return common
                .getCombinedValidationContext()
                .getDefaultValidationContext()
                .getMatchTypedSubjectAltNamesList()
                .stream()
                .map(name -> name.getMatcher().hasExact()
                        ? "exactly " + name.getMatcher().getExact()
                        : "prefix " + name.getMatcher().getPrefix())
                .collect(Collectors.joining(", "));
    }
}
