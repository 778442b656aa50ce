package dev.lateen.proxy.tls;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.listener;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.TestMesh;
import dev.lateen.proxycore.tls.Material;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TCP in TLS from one proxy to the next: what each end says and the end of it arrive, one direction at a time. */
class TunnelTlsTest {
    private final TestMesh mesh = new TestMesh();
    private final Instant now = Instant.now();
    private final TestAuthority authority = TestAuthority.create(now);
    private ServerSocket server;

    @SuppressWarnings("NullAway.Init") // set by each test
    TunnelTlsTest() {}

    @AfterEach
    void stop() throws IOException {
        server.close();
        mesh.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 50_000, 3_000_000})
    void aClientThatEnds_getsItsAnswer(int size) throws Exception {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::answer);
        Listener.Builder ending = tcp("secure", "server").toBuilder();
        ending.getFilterChainsBuilder(0)
                .setTransportSocket(TlsMessages.socket(DownstreamTlsContext.newBuilder()
                        .setCommonTlsContext(own())
                        .build()));
        Cluster to = cluster("server", "", server.getLocalPort());
        // The port of the second listener is known when it is there.
        String routes = "{match: {prefix: \"/\"}, direct_response: {status: 200}}";
        mesh.serve(List.of(tcp("edge", "hop"), ending.build()), routes, to);
        Cluster hop = cluster("hop", "", mesh.proxy().port("secure")).toBuilder()
                .setTransportSocket(TlsMessages.socket(UpstreamTlsContext.newBuilder()
                        .setSni("app.test")
                        .setCommonTlsContext(CommonTlsContext.newBuilder()
                                .setValidationContext(CertificateValidationContext.newBuilder()
                                        .setTrustedCa(TlsMessages.text(
                                                authority.trust().roots()))))
                        .build()))
                .build();
        mesh.serve(List.of(tcp("edge", "hop"), ending.build()), routes, to, hop);
        TestMesh.await("the cluster is there", () -> {
            try {
                return ask(0).equals("heard 0");
            } catch (IOException e) {
                return false;
            }
        });
        for (int i = 0; i < 30; i++) {
            assertThat(ask(size)).as("call %s", i).isEqualTo("heard " + size);
        }
    }

    private String ask(int size) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            socket.setSoTimeout((int) TIMEOUT.toMillis());
            socket.getOutputStream().write(new byte[size]);
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    /** Says how much it heard, when that has ended. */
    private void answer() {
        while (true) {
            try (Socket client = server.accept()) {
                int heard = client.getInputStream().readAllBytes().length;
                client.getOutputStream().write(("heard " + heard).getBytes(US_ASCII));
            } catch (IOException e) {
                if (server.isClosed()) {
                    return;
                }
            }
        }
    }

    private static Listener tcp(String name, String cluster) {
        return listener(name, "OUTBOUND", """
                filter_chains: [{filters: [{name: "tcp", typed_config: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                  stat_prefix: "tcp", cluster: "%s"}}]}]
                """.formatted(cluster));
    }

    private CommonTlsContext own() {
        Material.Certificate certificate =
                authority.issue("spiffe://cluster.local/ns/a/sa/b", now.minusSeconds(60), now.plusSeconds(3600));
        return CommonTlsContext.newBuilder()
                .addTlsCertificates(TlsCertificate.newBuilder()
                        .setCertificateChain(TlsMessages.text(certificate.chain()))
                        .setPrivateKey(TlsMessages.text(certificate.key())))
                .build();
    }
}
