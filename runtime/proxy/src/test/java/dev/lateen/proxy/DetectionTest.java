package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which protocol a connection speaks, on a port that may carry any, without making anyone wait for ever. */
final class DetectionTest {
    private final TestMesh mesh = new TestMesh();
    private ServerSocket smtp;

    @SuppressWarnings("NullAway.Init") // set before each test
    DetectionTest() {}

    @BeforeEach
    void start() throws Exception {
        smtp = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::serveMail);
        int web = mesh.backend(exchange -> TestMesh.reply(exchange, 200, "web"));
        mesh.serve(
                listener("edge", "OUTBOUND", """
                        listener_filters_timeout: "0s", continue_on_listener_filters_timeout: true,
                        listener_filters: [
                          {name: "tls", typed_config: {
                            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}},
                          {name: "http", typed_config: {
                            "@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"}}],
                        filter_chains: [{filter_chain_match: {application_protocols: ["http/1.1", "h2c"]}, filters: [
                          {name: "http", typed_config: {
                            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                            stat_prefix: "edge",
                            rds: {route_config_name: "edge", config_source: {ads: {}, resource_api_version: "V3"}},
                            http_filters: [{name: "router", typed_config: {
                              "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]}],
                        default_filter_chain: {filters: [{name: "tcp", typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                          stat_prefix: "tcp", cluster: "mail"}}]}
                        """),
                "{match: {prefix: \"/\"}, route: {cluster: \"web\"}}",
                cluster("web", "", web),
                cluster("mail", "", smtp.getLocalPort()));
    }

    @AfterEach
    void stop() throws IOException {
        smtp.close();
        mesh.close();
    }

    /** Greets, then answers each line with the same line. */
    private void serveMail() {
        while (true) {
            try {
                Socket client = smtp.accept();
                Thread.ofVirtual().start(() -> {
                    try (client) {
                        client.getOutputStream().write("220 mail\r\n".getBytes(StandardCharsets.US_ASCII));
                        client.getInputStream().transferTo(client.getOutputStream());
                    } catch (IOException e) {
                        // The client went away.
                    }
                });
            } catch (IOException e) {
                return; // closed at the end of the test
            }
        }
    }

    private String body() {
        try {
            return mesh.get("/").body();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port());
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        return socket;
    }

    private static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String hear(Socket socket, int length) throws IOException {
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
    }

    @Test
    void aServerThatSpeaksFirst_isHeard() throws Exception {
        for (int i = 0; i < 3; i++) {
            try (Socket socket = connect()) {
                assertThat(hear(socket, 10)).isEqualTo("220 mail\r\n");
                say(socket, "EHLO me\r\n");
                assertThat(hear(socket, 9)).isEqualTo("EHLO me\r\n");
            }
        }
    }

    @Test
    void aClientThatSpeaksAtOnce_isTakenForWhatItSays() throws Exception {
        assertThat(mesh.get("/").body()).isEqualTo("web");
        try (Socket socket = connect()) {
            say(socket, "EHLO at once\r\n");
            assertThat(hear(socket, 24)).isEqualTo("220 mail\r\nEHLO at once\r\n");
        }
    }

    @Test
    void whatWasFoundIsListed() throws Exception {
        assertThat(mesh.get("/").body()).isEqualTo("web");
        try (Socket socket = connect()) {
            assertThat(hear(socket, 10)).isEqualTo("220 mail\r\n");
        }
        String line = "edge::127.0.0.1:" + mesh.port() + "::";
        String lines = line + "HTTP/1.1::1\n" + line + "TCP, server first::1\n";
        TestMesh.await("both are listed", () -> page("/protocols").equals(lines));
        assertThat(page("/protocols?format=json")).contains("\"TCP, server first\"");
    }

    private String page(String path) {
        try {
            URI uri = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + path);
            return mesh.send(HttpRequest.newBuilder(uri).build()).body();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Nor does one that refuses connections: port 1 is nobody's. */
    @ParameterizedTest
    @CsvSource({"false", "true"})
    void aDestinationWithoutEndpoint_doesNotCutOffAClientThatPauses(boolean refusing) throws Exception {
        mesh.serve(
                listener("edge", "OUTBOUND", """
                        listener_filters_timeout: "0s", continue_on_listener_filters_timeout: true,
                        listener_filters: [{name: "http", typed_config: {
                            "@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"}}],
                        filter_chains: [{filter_chain_match: {application_protocols: ["http/1.1", "h2c"]}, filters: [
                          {name: "http", typed_config: {
                            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                            stat_prefix: "edge",
                            rds: {route_config_name: "edge", config_source: {ads: {}, resource_api_version: "V3"}},
                            http_filters: [{name: "router", typed_config: {
                              "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]}],
                        default_filter_chain: {filters: [{name: "tcp", typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                          stat_prefix: "tcp", cluster: "nowhere"}}]}
                        """),
                "{match: {prefix: \"/\"}, direct_response: {status: 200, body: {inline_string: \"direct\"}}}",
                refusing ? cluster("nowhere", "", 1) : cluster("nowhere", ""));
        TestMesh.await("the rules are in force", () -> body().equals("direct"));
        try (Socket socket = connect()) {
            // The pause is the case: the client is silent for longer than the proxy waits.
            Thread.sleep(200);
            say(socket, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .endsWith("direct");
        }
    }
}
