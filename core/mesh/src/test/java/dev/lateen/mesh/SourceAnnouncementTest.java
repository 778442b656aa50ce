package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The PROXY protocol of a DestinationRule comes before whatever else wraps the connection, at every level of the rule. */
class SourceAnnouncementTest {
    private static final String TLS = "envoy.transport_sockets.tls";
    private static final String RAW = "envoy.transport_sockets.raw_buffer";

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                // the pods' label of mutual TLS; the policy; the subset's policy; what each socket of the subset
                // carries
                "'';    {proxyProtocol: {}}; null; V1 raw",
                "'';    {proxyProtocol: {version: V1}}; {proxyProtocol: {version: V2}}; V2 raw",
                "'';    null; {proxyProtocol: {version: V2}}; V2 raw",
                "'';    {proxyProtocol: {version: V2}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}; null; V2 raw",
                "'';    '{proxyProtocol: {}, tls: {mode: SIMPLE}}'; null; V1 tls",
                "istio; '{proxyProtocol: {}, tls: {mode: DISABLE}}'; null; V1 raw",
                "istio; '{proxyProtocol: {}, tls: {mode: ISTIO_MUTUAL}}'; null; V1 tls",
                "istio; {proxyProtocol: {version: V2}}; null; 'V2 tls, V2 raw'",
                "istio; null; null; 'tls, raw'",
                "'';    null; null; ''",
            })
    void every_socket_of_the_cluster_begins_with_it(String label, String policy, String subset, String sockets) {
        Mesh mesh = new Mesh().with("""
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: default}
                spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                ports: [{name: http, port: 80}]
                endpoints: [{addresses: [10.244.0.1], targetRef: {kind: Pod, name: web-1}}]
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: web-1, namespace: default, labels: {app: web, security.istio.io/tlsMode: '%s'}}
                status: {podIP: 10.244.0.1}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web, namespace: default}
                spec: {host: web, trafficPolicy: %s, subsets: [{name: all, labels: {app: web}, trafficPolicy: %s}]}
                """.formatted(label, policy, subset)).at("10.244.0.99");
        Cluster cluster = mesh.cluster("outbound|80|all|web.default.svc.cluster.local");
        Stream<TransportSocket> all = cluster.hasTransportSocket()
                ? Stream.of(cluster.getTransportSocket())
                : cluster.getTransportSocketMatchesList().stream()
                        .map(Cluster.TransportSocketMatch::getTransportSocket);
        assertThat(String.join(", ", all.map(SourceAnnouncementTest::text).toList()))
                .isEqualTo(sockets);
    }

    private static String text(TransportSocket socket) {
        if (List.of(TLS, RAW).contains(socket.getName())) {
            return socket.getName().equals(TLS) ? "tls" : "raw";
        }
        assertThat(socket.getName()).isEqualTo("envoy.transport_sockets.upstream_proxy_protocol");
        ProxyProtocolUpstreamTransport announced =
                Mesh.unpack(socket.getTypedConfig(), ProxyProtocolUpstreamTransport.class);
        return announced.getConfig().getVersion() + " " + text(announced.getTransportSocket());
    }
}
