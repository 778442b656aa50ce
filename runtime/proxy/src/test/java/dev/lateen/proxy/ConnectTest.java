package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tunnels by CONNECT (RFC 9110 section 9.3.6). The expected values are those of Envoy 1.40.0, which was asked with the
 * same configuration and the same bytes, but for the status of chunked content, where it says 501.
 */
class ConnectTest {
    private static final String ALLOWED = "upgrade_configs: [{upgrade_type: \"CONNECT\"}],";
    private static final String ENDS = "upgrade_configs: [{upgrade_type: \"CONNECT\", connect_config: {}}]";
    private static final String OFF = "upgrade_configs: [{upgrade_type: \"CONNECT\", enabled: false}]";
    private static final String HTTP2 = """
            typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: {http2_protocol_options: {}}}},
            """;

    private final TestMesh mesh = new TestMesh();
    private final ServerSocket echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final ServerSocket next = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    ConnectTest() throws IOException {}

    @BeforeEach
    void listen() {
        Thread.ofVirtual().start(() -> accept(echo, false));
        Thread.ofVirtual().start(() -> accept(next, true));
    }

    @AfterEach
    void stop() throws IOException {
        mesh.close();
        echo.close();
        next.close();
    }

    /** Sends back what comes and says goodbye at its end; a proxy answers CONNECT before. */
    private static void accept(ServerSocket server, boolean proxy) {
        try {
            while (true) {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket, proxy));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private static void serve(Socket socket, boolean proxy) {
        try (socket) {
            if (proxy) {
                String head = head(socket);
                boolean refuses = head.startsWith("CONNECT no:1 HTTP/1.1\r\n");
                String answer = refuses
                        ? "HTTP/1.1 407 No\r\ncontent-length: 2\r\n\r\nno"
                        : head.startsWith("CONNECT a:1 HTTP/1.1\r\n") && head.contains("\r\nhost: a:1\r\n")
                                ? "HTTP/1.1 200 Fine\r\ncontent-length: 5\r\n\r\n"
                                : "HTTP/1.1 500 Not what was asked for\r\n\r\n";
                socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                if (refuses) {
                    return;
                }
            }
            socket.getInputStream().transferTo(socket.getOutputStream());
            socket.getOutputStream().write("!bye".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // The other end went away.
        }
    }

    private static String head(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = socket.getInputStream().read();
            if (b < 0) {
                break;
            }
            head.append((char) b);
        }
        return head.toString();
    }

    @ParameterizedTest(name = "{0} {1} {2} {3}: {4}")
    @CsvSource(delimiter = ';', quoteCharacter = '`', textBlock = """
            ;        connect_matcher: {}; cluster: "echo";       a:1;  403
            CONNECT; connect_matcher: {}; cluster: "echo", ENDS; a:1;  200 tunnel
            ;        connect_matcher: {}; cluster: "echo", ENDS; a:1;  200 tunnel
            CONNECT; prefix: "/";         cluster: "echo";       a:1;  404
            CONNECT; prefix: "";          cluster: "echo";       a:1;  404
            CONNECT; connect_matcher: {}; cluster: "echo", OFF;  a:1;  403
            CONNECT; connect_matcher: {}; cluster: "next";       a:1;  200 tunnel
            CONNECT; connect_matcher: {}; cluster: "next";       no:1; 407
            CONNECT; connect_matcher: {}; cluster: "dead", ENDS; a:1;  503
            CONNECT; connect_matcher: {}; cluster: "echo", ENDS; a:1 HTTP/1.1|Content-Length: 3; 400
            CONNECT; connect_matcher: {}; cluster: "echo", ENDS; a:1 HTTP/1.1|Content-Length: 0; 200 tunnel
            CONNECT; connect_matcher: {}; cluster: "echo", ENDS; a:1 HTTP/1.1|Transfer-Encoding: chunked; 400
            """)
    void connect(@Nullable String manager, String match, String route, String target, String expected)
            throws Exception {
        serve(
                manager == null ? "" : ALLOWED,
                "{match: {" + match + "}, route: {"
                        + route.replace("ENDS", ENDS).replace("OFF", OFF) + "}}");
        String line = target.contains("HTTP") ? target : target + " HTTP/1.1";
        String authority = target.replaceAll(" .*", "");
        try (Socket socket = connect()) {
            say(socket, "CONNECT " + line + "|Host: " + authority + "||");
            String head = head(socket);
            String status = head.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length());
            boolean tunnel = status.equals("200");
            if (tunnel) {
                say(socket, "hello");
                assertThat(new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII))
                        .isEqualTo("hello");
                assertThat(head.toLowerCase(Locale.ROOT)).doesNotContain("content-length", "transfer-encoding");
            } else {
                assertThat(head).contains("connection: close");
            }
            assertThat(tunnel ? status + " tunnel" : status).isEqualTo(expected);
        }
    }

    private void serve(String manager, String routes) {
        mesh.serve(
                http("edge", "UNSPECIFIED", manager, ""),
                routes,
                cluster("echo", "", echo.getLocalPort()),
                cluster("next", "", next.getLocalPort()),
                cluster("dead", "", 1));
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port());
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        return socket;
    }

    private static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.replace("|", "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void bytesThatComeWithTheRequest_areTheFirstOfTheTunnel() throws Exception {
        serve(ALLOWED, "{match: {connect_matcher: {}}, route: {cluster: \"echo\", " + ENDS + "}}");
        try (Socket socket = connect()) {
            say(socket, "CONNECT a:1 HTTP/1.1|Host: a:1||early");
            assertThat(head(socket)).startsWith("HTTP/1.1 200 ");
            assertThat(new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII))
                    .isEqualTo("early");
        }
    }

    /** By HTTP/1.1 to the first proxy, by HTTP/2 to the second, which ends the tunnel. */
    @Test
    void aTunnel_goesThroughHttp2() throws Exception {
        var listeners = List.of(http("edge", "UNSPECIFIED", ALLOWED, ""), http("second", "UNSPECIFIED", ALLOWED, ""));
        String routes = """
                {match: {connect_matcher: {}, headers: [{name: "x-second", present_match: true}]},
                 route: {cluster: "echo", %s}},
                {match: {connect_matcher: {}}, route: {cluster: "between"}, request_headers_to_add:
                  [{header: {key: "x-second", value: "%%PROTOCOL%%"}}]}
                """.formatted(ENDS);
        var app = cluster("echo", "", echo.getLocalPort());
        mesh.serve(listeners, routes, app, cluster("between", HTTP2));
        mesh.serve(
                listeners, routes, app, cluster("between", HTTP2, mesh.proxy().port("second")));
        String content = "x".repeat(3_000_000);
        TestMesh.await("the second proxy is known", () -> {
            try (Socket socket = connect()) {
                say(socket, "CONNECT a:1 HTTP/1.1|Host: a:1||");
                return head(socket).startsWith("HTTP/1.1 200 ");
            } catch (IOException e) {
                return false;
            }
        });
        try (Socket socket = connect()) {
            say(socket, "CONNECT a:1 HTTP/1.1|Host: a:1||");
            assertThat(head(socket)).startsWith("HTTP/1.1 200 ");
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    say(socket, content);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThat(new String(socket.getInputStream().readNBytes(content.length()), StandardCharsets.US_ASCII))
                    .isEqualTo(content);
            writer.join();
        }
    }

    /** A client of HTTP/2 that has said all hears the rest: what Envoy sends to the same frames. */
    @Test
    void eachDirection_endsForItself() throws Exception {
        serve(ALLOWED, "{match: {connect_matcher: {}}, route: {cluster: \"echo\", " + ENDS + "}}");
        try (Socket socket = connect()) {
            say(socket, "PRI * HTTP/2.0||SM||");
            byte[] connect = "\2\7CONNECT\101\3a:1".getBytes(StandardCharsets.US_ASCII);
            socket.getOutputStream().write(frame(4, 0, 0, new byte[0]));
            socket.getOutputStream().write(frame(1, 4, 1, connect));
            socket.getOutputStream().write(frame(0, 1, 1, "hello".getBytes(StandardCharsets.US_ASCII)));
            StringBuilder data = new StringBuilder();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            boolean ended = false;
            while (!ended) {
                int lengthAndType = in.readInt();
                int flags = in.readUnsignedByte();
                in.readInt();
                byte[] content = in.readNBytes(lengthAndType >>> 8);
                if ((lengthAndType & 0xFF) == 0) {
                    data.append(new String(content, StandardCharsets.US_ASCII));
                    ended = (flags & 1) != 0;
                }
            }
            assertThat(data).hasToString("hello!bye");
        }
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        byte[] frame = new byte[9 + payload.length];
        frame[2] = (byte) payload.length;
        frame[3] = (byte) type;
        frame[4] = (byte) flags;
        frame[8] = (byte) stream;
        System.arraycopy(payload, 0, frame, 9, payload.length);
        return frame;
    }
}
