package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Connections that begin with a header of the PROXY protocol: each tells of the one for which it was made. */
class ProxyProtocolTest {
    private static final String WRAPPED = """
            transport_socket: {name: "envoy.transport_sockets.upstream_proxy_protocol", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
              config: {version: "V1"},
              transport_socket: {name: "envoy.transport_sockets.raw_buffer", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}}},
            """;

    private final TestMesh mesh = new TestMesh();
    private final ServerSocket app = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<String> headers = new CopyOnWriteArrayList<>();

    ProxyProtocolTest() throws IOException {}

    @BeforeEach
    void listen() {
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Socket socket = app.accept();
                    Thread.ofVirtual().start(() -> serve(socket));
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        mesh.close();
        app.close();
    }

    /** Answers each empty line with a response. */
    private void serve(Socket socket) {
        try (socket) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            headers.add(in.readLine());
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.isEmpty()) {
                    socket.getOutputStream()
                            .write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
                                    .getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException e) {
            // The proxy has let go of it.
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port());
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        return socket;
    }

    private static void ask(Socket socket) throws IOException {
        socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        String answer = "";
        while (!answer.endsWith("ok")) {
            int b = socket.getInputStream().read();
            assertThat(b).isNotNegative();
            answer += (char) b;
        }
    }

    private static String header(Socket client) {
        return "PROXY TCP4 127.0.0.1 127.0.0.1 " + client.getLocalPort() + " " + client.getPort();
    }

    private void serve(Listener listener) {
        mesh.serve(
                listener,
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", WRAPPED, app.getLocalPort()));
    }

    @Test
    void requests_goOverConnectionsOfTheirOwn_perClientConnection() throws Exception {
        serve(http("edge", "UNSPECIFIED", "", ""));
        try (Socket first = connect();
                Socket second = connect()) {
            ask(first);
            ask(first);
            ask(second);
            ask(first);
            assertThat(headers).containsExactly(header(first), header(second));
        }
    }

    @Test
    void bytes_comeAfterTheHeader() throws Exception {
        serve(listener("edge", "UNSPECIFIED", """
                filter_chains: [{filters: [{name: "tcp", typed_config: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                  stat_prefix: "tcp", cluster: "app"}}]}]
                """));
        try (Socket socket = connect()) {
            ask(socket);
            assertThat(headers).containsExactly(header(socket));
        }
    }
}
