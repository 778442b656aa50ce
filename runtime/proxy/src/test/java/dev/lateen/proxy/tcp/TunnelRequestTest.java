package dev.lateen.proxy.tcp;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.TestMesh;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Connections that are the content of a request to a proxy of HTTP: by CONNECT (RFC 9110 section 9.3.6, RFC 9113 section
 * 8.5) or POST. One end is this proxy's; the other is this proxy's end of CONNECT, or what a test says byte by byte.
 */
final class TunnelRequestTest {
    private static final String HTTP2 = """
            typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: {http2_protocol_options: {}}}},
            """;
    private static final String ENDS = """
            {match: {connect_matcher: {}, headers: [{name: ":authority", string_match: {exact: "no.test:1"}}]},
             direct_response: {status: 403}},
            {match: {connect_matcher: {}},
             route: {cluster: "echo", upgrade_configs: [{upgrade_type: "CONNECT", connect_config: {}}]}}
            """;
    private static final int LARGE = 8 << 20;

    private final TestMesh mesh = new TestMesh();
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    TunnelRequestTest() throws IOException {}

    @AfterEach
    void stop() throws IOException {
        server.close();
        mesh.close();
    }

    private interface Conversation {
        void hold(Socket socket) throws IOException;
    }

    private void accept(Conversation conversation) {
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> {
                        try (socket) {
                            conversation.hold(socket);
                        } catch (IOException e) {
                            // The client sees it.
                        }
                    });
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
    }

    private static Listener tunnel(String config, String more) {
        return listener("edge", "OUTBOUND", """
                filter_chains: [{filters: [{name: "tcp", typed_config: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                  stat_prefix: "tcp", cluster: "hop", %s tunneling_config: {%s}}}]}]
                """.formatted(more, config));
    }

    /** To the test's server as the proxy of HTTP/1.1. */
    private void toServer(String config, String more) {
        mesh.serve(
                tunnel(config, more),
                "{match: {prefix: \"/\"}, direct_response: {status: 200}}",
                cluster("hop", "", server.getLocalPort()));
    }

    /** Through a proxy of this version to a server that holds this conversation. */
    private void through(String version, Conversation conversation) {
        if (version.equals("HTTP/2")) {
            accept(conversation);
            toProxy("far.test:443");
            return;
        }
        accept(socket -> {
            head(socket.getInputStream());
            socket.getOutputStream().write(lines("HTTP/1.1 200 OK||").getBytes(US_ASCII));
            conversation.hold(socket);
        });
        toServer("hostname: \"far.test:443\"", "");
    }

    /** By HTTP/2 to another listener of the same proxy, which ends tunnels at the test's server. */
    private void toProxy(String target) {
        Cluster echo = cluster("echo", "", server.getLocalPort());
        List<Listener> listeners = List.of(
                tunnel("hostname: \"" + target + "\"", ""),
                http("inner", "INBOUND", "upgrade_configs: [{upgrade_type: \"CONNECT\"}],", ""));
        mesh.serve(listeners, ENDS, echo, cluster("hop", HTTP2));
        mesh.serve(listeners, ENDS, echo, cluster("hop", HTTP2, mesh.proxy().port("inner")));
        TestMesh.await("the way there is known", this::reaches);
    }

    private boolean reaches() {
        try (Socket socket = connect()) {
            socket.getOutputStream().write("?".getBytes(US_ASCII));
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
            return true;
        } catch (SocketException e) {
            return false; // no endpoint yet
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port());
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        return socket;
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("ended within a head: " + head);
            }
            head.append((char) b);
        }
        return head.toString();
    }

    /** The whole of what a client hears that says this and no more; {@code reset} when its connection is broken off. */
    private String say(String text) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(text.getBytes(US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        } catch (SocketException e) {
            return "reset";
        }
    }

    private static String lines(String text) {
        return text.replace("|", "\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            hostname: "far.test:443" ; CONNECT far.test:443 HTTP/1.1|host: far.test:443||
            hostname: "[2001:db8::1]:443" ; CONNECT [2001:db8::1]:443 HTTP/1.1|host: [2001:db8::1]:443||
            hostname: "far.test:443", use_post: true ; POST / HTTP/1.1|host: far.test:443|transfer-encoding: chunked||
            hostname: "far.test:443", use_post: true, post_path: "/way" ; POST /way HTTP/1.1|host: far.test:443|transfer-encoding: chunked||
            """)
    void theRequestNamesWhereItGoes(String config, String head) throws Exception {
        CompletableFuture<String> asked = new CompletableFuture<>();
        accept(socket -> asked.complete(head(socket.getInputStream())));
        toServer(config, "");
        say("ping");
        assertThat(asked.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo(lines(head));
    }

    /** The endpoint's answer, what it says behind it, and what the client hears of both. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            HTTP/1.1 200 OK||                        ; hello ping
            HTTP/1.1 204 Fine||                      ; hello ping
            HTTP/1.1 200 OK|content-length: 2||      ; hello ping
            HTTP/1.1 100 Wait||HTTP/1.1 200 OK||     ; hello ping
            HTTP/1.1 403 No|content-length: 0||      ; reset
            HTTP/1.1 302 No|location: /||            ; reset
            HTTP/1.1 101 No||                        ; reset
            SSH-2.0-none||                           ; reset
            ''                                       ; reset
            """)
    void theClientHearsWhatComesThrough_orIsRefused(String answer, String heard) throws Exception {
        accept(socket -> {
            head(socket.getInputStream());
            if (answer.isEmpty()) {
                return;
            }
            socket.getOutputStream().write((lines(answer) + "hello ").getBytes(US_ASCII));
            socket.getInputStream().transferTo(socket.getOutputStream());
        });
        toServer("hostname: \"far.test:443\"", "");
        assertThat(say("ping")).isEqualTo(heard);
    }

    @Test
    void aPostCarriesChunksBothWays() throws Exception {
        accept(socket -> {
            InputStream in = socket.getInputStream();
            head(in);
            socket.getOutputStream()
                    .write(lines("HTTP/1.1 200 OK|transfer-encoding: chunked||6|hello |")
                            .getBytes(US_ASCII));
            byte[] chunk = in.readNBytes("4\r\nping\r\n".length());
            socket.getOutputStream().write(chunk);
            socket.getOutputStream().write(in.readNBytes("0\r\n\r\n".length()));
        });
        toServer("hostname: \"far.test:443\", use_post: true", "");
        assertThat(say("ping")).isEqualTo("hello ping");
    }

    /** As many endpoints are asked as connections would be tried. */
    @ParameterizedTest(name = "{0} attempts")
    @CsvSource({"1, reset", "2, reset", "3, pong"})
    void anEndpointThatRefuses_isAskedAsOftenAsConnectionsAreTried(int attempts, String heard) throws Exception {
        int[] asked = new int[1];
        accept(socket -> {
            head(socket.getInputStream());
            asked[0]++;
            String answer = asked[0] < 3 ? "HTTP/1.1 503 No|content-length: 0||" : "HTTP/1.1 200 OK||pong";
            socket.getOutputStream().write(lines(answer).getBytes(US_ASCII));
            socket.getInputStream().readAllBytes();
        });
        toServer("hostname: \"far.test:443\"", "max_connect_attempts: " + attempts + ",");
        assertThat(say("ping")).isEqualTo(heard);
        assertThat(asked[0]).isEqualTo(attempts);
    }

    @Test
    void aClientThatLeavesBeforeTheAnswer_takesTheRequestAlong() throws Exception {
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        CompletableFuture<String> asked = new CompletableFuture<>();
        accept(socket -> {
            socket.setSoTimeout((int) TIMEOUT.toMillis());
            asked.complete(head(socket.getInputStream()));
            try {
                ended.complete(socket.getInputStream().read());
            } catch (SocketException e) {
                ended.complete(-1);
            }
        });
        toServer("hostname: \"far.test:443\"", "");
        Socket socket = connect();
        asked.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        socket.setSoLinger(true, 0);
        socket.close();
        assertThat(ended.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"HTTP/1.1", "HTTP/2"})
    void contentOfAnySize_passesBothWays(String version) throws Exception {
        through(version, socket -> socket.getInputStream().transferTo(socket.getOutputStream()));
        byte[] content = new byte[LARGE];
        new Random(1).nextBytes(content);
        try (Socket socket = connect()) {
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write(content);
                    socket.shutdownOutput();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            byte[] back = socket.getInputStream().readAllBytes();
            writer.join();
            assertThat(Arrays.equals(back, content)).isTrue();
        }
    }

    /** Each direction ends for itself. */
    @ParameterizedTest
    @CsvSource({"HTTP/1.1", "HTTP/2"})
    void aClientThatHasSaidAll_hearsTheRest(String version) throws Exception {
        through(version, socket -> {
            int heard = socket.getInputStream().readAllBytes().length;
            socket.getOutputStream().write(("heard " + heard).getBytes(US_ASCII));
        });
        for (int i = 0; i < 20; i++) {
            assertThat(say("ping")).isEqualTo("heard 4");
        }
    }

    /** Many connections may share one of HTTP/2, and none knows of the other. */
    @Test
    void tunnelsSideBySide_areStrangers() throws Exception {
        accept(socket -> socket.getInputStream().transferTo(socket.getOutputStream()));
        toProxy("far.test:443");
        try (Socket other = connect()) {
            try (Socket one = connect()) {
                one.getOutputStream().write("one".getBytes(US_ASCII));
                other.getOutputStream().write("other".getBytes(US_ASCII));
                assertThat(new String(one.getInputStream().readNBytes(3), US_ASCII))
                        .isEqualTo("one");
                one.setSoLinger(true, 0);
            }
            assertThat(new String(other.getInputStream().readNBytes(5), US_ASCII))
                    .isEqualTo("other");
            other.getOutputStream().write("more".getBytes(US_ASCII));
            assertThat(new String(other.getInputStream().readNBytes(4), US_ASCII))
                    .isEqualTo("more");
        }
    }

    @Test
    void aProxyOfHttp2ThatRefuses_isNoWay() throws Exception {
        accept(socket -> socket.getInputStream().transferTo(socket.getOutputStream()));
        toProxy("far.test:443");
        assertThat(say("ping")).isEqualTo("ping");
        mesh.serve(
                List.of(
                        tunnel("hostname: \"no.test:1\"", ""),
                        http("inner", "INBOUND", "upgrade_configs: [{upgrade_type: \"CONNECT\"}],", "")),
                ENDS,
                cluster("echo", "", server.getLocalPort()),
                cluster("hop", HTTP2, mesh.proxy().port("inner")));
        TestMesh.await("the tunnel leads elsewhere", () -> {
            try {
                return say("ping").equals("reset");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }
}
