package dev.lateen.proxy;

import static dev.lateen.proxy.PageCounts.total;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.listener;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the caller's proxy and the callee's count of the same connections (Istio documentation, "Istio Standard
 * Metrics"): each counter of both equals what was opened and sent.
 */
final class ExactConnectionCountsTest {
    private static final String TCP = """
        filter_chains: [{filters: [{name: "tcp", typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
          stat_prefix: "tcp", cluster: "%s"}}]}]
        """;

    private final TestMesh caller = new TestMesh();
    private final TestMesh callee = new TestMesh();

    @AfterEach
    void stop() {
        caller.close();
        callee.close();
    }

    /** How a connection that carries {@code ping} and {@code pong} ends. */
    enum End {
        CLIENT_ENDS,
        CLIENT_RESETS,
        APP_ENDS,
        APP_RESETS
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private ServerSocket talker(End end) throws IOException {
        ServerSocket app = new ServerSocket();
        app.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Thread.ofVirtual().start(() -> {
            while (!app.isClosed()) {
                try (Socket socket = app.accept()) {
                    socket.getInputStream().readNBytes(4);
                    socket.getOutputStream().write("pong!".getBytes(US_ASCII));
                    switch (end) {
                        case APP_ENDS -> {}
                        case CLIENT_ENDS, CLIENT_RESETS -> {
                            var _ = socket.getInputStream().readAllBytes();
                        }
                        case APP_RESETS -> {
                            // The client says when it has read the answer, which a reset would overtake.
                            socket.getInputStream().readNBytes(1);
                            reset(socket);
                        }
                    }
                } catch (IOException e) {
                    // Its client reset it, which is passed on; or the test is over.
                }
            }
        });
        return app;
    }

    private void connections(String clusterFields, int port) {
        callee.serve(
                listener("edge", "INBOUND", TCP.formatted("app")),
                "",
                cluster("app", ExactCountsTest.OF_THE_MESH, port));
        caller.serve(
                listener("edge", "OUTBOUND", TCP.formatted("web")),
                "",
                cluster("web", ExactCountsTest.OF_THE_MESH + clusterFields, port == 1 ? 1 : callee.port()));
    }

    @ParameterizedTest(name = "{1} connections, {0}: {2} bytes in, {3} out")
    @CsvSource(delimiter = '|', textBlock = """
        # end          | connections | from the client | to the client
        CLIENT_ENDS    | 4           | 4               | 5
        CLIENT_RESETS  | 4           | 4               | 5
        APP_ENDS       | 3           | 4               | 5
        APP_RESETS     | 3           | 5               | 5
        """)
    void connectionsThatEnd(End end, int number, int received, int sent) throws Exception {
        try (ServerSocket app = talker(end)) {
            connections("", app.getLocalPort());
            for (int i = 0; i < number; i++) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), caller.port())) {
                    client.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
                    client.getOutputStream().write("ping".getBytes(US_ASCII));
                    assertThat(client.getInputStream().readNBytes(5))
                            .asString(US_ASCII)
                            .isEqualTo("pong!");
                    switch (end) {
                        case CLIENT_ENDS -> {}
                        case CLIENT_RESETS -> reset(client);
                        case APP_ENDS ->
                            assertThat(client.getInputStream().read()).isEqualTo(-1);
                        case APP_RESETS -> {
                            client.getOutputStream().write('!');
                            TestMesh.await("the reset comes", () -> isReset(client));
                        }
                    }
                }
            }
            for (TestMesh side : new TestMesh[] {caller, callee}) {
                String reporter = side == caller ? "source" : "destination";
                Map<String, Long> connections = Map.of(reporter + " -", (long) number);
                PageCounts.await(side, connections, "istio_tcp_connections_closed_total", "reporter", "response_flags");
                PageCounts.await(side, connections, "istio_tcp_connections_opened_total", "reporter", "response_flags");
                assertThat(total(side, "istio_tcp_received_bytes_total")).isEqualTo((long) number * received);
                assertThat(total(side, "istio_tcp_sent_bytes_total")).isEqualTo((long) number * sent);
            }
            assertThat(of("upstream_cx_total", "web")).isEqualTo(number);
            TestMesh.await("no connection is left", () -> of("upstream_cx_active", "web") == 0);
        }
    }

    private static boolean isReset(Socket client) {
        try {
            return client.getInputStream().read() == -1;
        } catch (IOException e) {
            return true;
        }
    }

    @ParameterizedTest(name = "{0}: flag {1}")
    @CsvSource(delimiter = '|', textBlock = """
        # what           | flag
        nobody listens   | UF
        no room          | UO
        """)
    void connectionsThatAreRefused(String what, String flag) throws Exception {
        try (ServerSocket app = talker(End.APP_ENDS)) {
            boolean full = flag.equals("UO");
            connections(
                    full ? "circuit_breakers: {thresholds: [{max_connections: 0}]}," : "",
                    full ? app.getLocalPort() : 1);
            for (int i = 0; i < 3; i++) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), caller.port())) {
                    client.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
                    TestMesh.await("the end comes", () -> isReset(client));
                }
            }
            PageCounts.await(caller, Map.of(flag, 3L), "istio_tcp_connections_opened_total", "response_flags");
            PageCounts.await(caller, Map.of(flag, 3L), "istio_tcp_connections_closed_total", "response_flags");
            assertThat(total(caller, "istio_tcp_received_bytes_total")).isZero();
            assertThat(total(callee, "istio_tcp_connections_opened_total")).isZero();
            assertThat(of("upstream_cx_overflow", "web")).isEqualTo(full ? 3 : 0);
        }
    }

    /** A reset can come while the proxy still connects: whatever it finds, both sides close what they opened. */
    @Test
    void connectionsThatAreResetAtOnce() throws Exception {
        try (ServerSocket app = talker(End.CLIENT_ENDS)) {
            connections("", app.getLocalPort());
            for (int i = 0; i < 20; i++) {
                reset(new Socket(InetAddress.getLoopbackAddress(), caller.port()));
            }
            PageCounts.await(caller, Map.of("", 20L), "istio_tcp_connections_opened_total");
            PageCounts.await(caller, Map.of("", 20L), "istio_tcp_connections_closed_total");
            TestMesh.await("the callee closed all", () -> {
                long opened = total(callee, "istio_tcp_connections_opened_total");
                return opened == of("upstream_cx_total", "web")
                        && opened == total(callee, "istio_tcp_connections_closed_total");
            });
            assertThat(total(callee, "istio_tcp_received_bytes_total")).isZero();
        }
    }

    private long of(String statistic, String cluster) {
        return PageCounts.ofCluster(caller, statistic, cluster);
    }
}
