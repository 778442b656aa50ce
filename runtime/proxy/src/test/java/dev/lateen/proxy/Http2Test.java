package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HTTP/2 in the clear, by prior knowledge, on both sides of a proxy; the client is curl. */
final class Http2Test {
    private static final String HTTP2 = """
            typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: {http2_protocol_options: {}}}},
            """;
    private static final String AS_DOWNSTREAM = """
            typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              use_downstream_protocol_config: {http_protocol_options: {}, http2_protocol_options: {}}}},
            """;

    private final TestMesh mesh = new TestMesh();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    /** Two proxies in a row, as two sidecars are: the way between them speaks the version that {@code between} says. */
    private void chain(String between, int app) {
        Listener edge = http(
                "edge",
                "UNSPECIFIED",
                "upgrade_configs: [{upgrade_type: \"websocket\"}], http_protocol_options: {accept_http_10: true},",
                "");
        Listener second = http("second", "UNSPECIFIED", "upgrade_configs: [{upgrade_type: \"websocket\"}],", "");
        String byHost = """
                {match: {prefix: "/", headers: [{name: "x-second", present_match: true}]}, route: {cluster: "app"}},
                {match: {prefix: "/"}, route: {cluster: "next"}, request_headers_to_add:
                  [{header: {key: "x-second", value: "%PROTOCOL%"}}]}
                """;
        mesh.serve(List.of(edge, second), byHost, cluster("app", "", app), cluster("next", between));
        mesh.serve(
                List.of(edge, second),
                byHost,
                cluster("app", "", app),
                cluster("next", between, mesh.proxy().port("second")));
        TestMesh.await("the second proxy is known", () -> {
            try {
                return mesh.get("/").statusCode() == 200;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private String curl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("curl", "-sS", "-m", "20"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isEqualTo(0);
        return output;
    }

    @ParameterizedTest(name = "{0} in, {1} between, {2} bytes")
    @CsvSource({
        "--http1.1, h1, 0",
        "--http1.1, h1, 1000",
        "--http1.1, h1, 3000000",
        "--http1.1, h2, 0",
        "--http1.1, h2, 1000",
        "--http1.1, h2, 3000000",
        "--http2-prior-knowledge, h1, 0",
        "--http2-prior-knowledge, h1, 1000",
        "--http2-prior-knowledge, h1, 3000000",
        "--http2-prior-knowledge, h2, 0",
        "--http2-prior-knowledge, h2, 1000",
        "--http2-prior-knowledge, h2, 3000000",
        "--http2-prior-knowledge, as it came, 3000000",
        "--http1.1, as it came, 3000000",
        "--http1.0, h1, 0",
        "--http1.0, h1, 1000",
        "--http1.0, h1, 3000000",
        "--http1.0, h2, 0",
        "--http1.0, h2, 1000",
        "--http1.0, h2, 3000000",
        "--http1.0, as it came, 1000",
    })
    void everyPairOfVersions_carriesContentBothWays(String version, String between, int size) throws Exception {
        int app = mesh.backend(exchange -> {
            byte[] content = exchange.getRequestBody().readAllBytes();
            String cookie = exchange.getRequestHeaders().getFirst("cookie");
            exchange.getResponseHeaders().set("x-cookie", cookie == null ? "none" : cookie);
            exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
            exchange.getResponseBody().write(content);
            exchange.close();
        });
        chain(options(between), app);
        Path content = directory.resolve("content");
        Path back = directory.resolve("back");
        byte[] bytes = new byte[size];
        new java.util.Random(size).nextBytes(bytes);
        Files.write(content, bytes);
        String head = curl(
                version,
                "-D",
                "-",
                "-o",
                back.toString(),
                "--data-binary",
                "@" + content,
                "-H",
                "cookie: a=b; c=d",
                mesh.uri("/").toString());
        assertThat(head).contains(version.startsWith("--http1") ? "HTTP/1.1 200" : "HTTP/2 200");
        assertThat(head).containsIgnoringCase("x-cookie: a=b; c=d");
        assertThat(Files.exists(back) ? Files.readAllBytes(back) : new byte[0]).isEqualTo(bytes);
    }

    private static String options(String between) {
        return between.equals("h1") ? "" : between.equals("h2") ? HTTP2 : AS_DOWNSTREAM;
    }

    /** Server-sent events: each must be there before the app says the next one. */
    @ParameterizedTest(name = "{0} in, {1} between")
    @CsvSource({
        "--http1.0, h1", "--http1.0, h2", "--http1.0, as it came",
        "--http1.1, h1", "--http1.1, h2", "--http1.1, as it came",
        "--http2-prior-knowledge, h1", "--http2-prior-knowledge, h2", "--http2-prior-knowledge, as it came",
    })
    void eventsPassAsTheyAreSaid(String version, String between) throws Exception {
        BlockingQueue<String> words = new LinkedBlockingQueue<>();
        int app = mesh.backend(exchange -> {
            if (!exchange.getRequestURI().getPath().equals("/events")) {
                TestMesh.reply(exchange, 200, "");
                return;
            }
            exchange.getResponseHeaders().set("content-type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            try {
                for (String word = words.take(); !word.isEmpty(); word = words.take()) {
                    exchange.getResponseBody().write(("data: " + word + "\n\n").getBytes(StandardCharsets.US_ASCII));
                    exchange.getResponseBody().flush();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        chain(options(between), app);
        Process curl = new ProcessBuilder(
                        "curl", "-sSN", "-m", "20", version, mesh.uri("/events").toString())
                .start();
        try (BufferedReader events = curl.inputReader(StandardCharsets.US_ASCII)) {
            for (int i = 0; i < 5; i++) {
                words.add("event " + i);
                assertThat(events.readLine()).isEqualTo("data: event " + i);
                assertThat(events.readLine()).isEmpty();
            }
            words.add("");
            assertThat(events.readLine()).isNull();
        }
        assertThat(curl.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(curl.exitValue()).isZero();
    }

    /** A server of HTTP/1.0 ends its answer by closing, and knows neither chunks nor connections that stay. */
    @ParameterizedTest(name = "{0} in, {1} between")
    @CsvSource({
        "--http1.0, h1", "--http1.0, h2",
        "--http1.1, h1", "--http1.1, h2",
        "--http2-prior-knowledge, h1", "--http2-prior-knowledge, h2",
    })
    void anAppOfHttp10IsServed(String version, String between) throws Exception {
        String answer = "x".repeat(100_000);
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread app = Thread.ofVirtual().start(() -> {
                while (!server.isClosed()) {
                    try (Socket socket = server.accept()) {
                        var _ = head(new DataInputStream(socket.getInputStream()));
                        socket.getOutputStream()
                                .write(("HTTP/1.0 200 OK\r\nx-app: old\r\n\r\n" + answer)
                                        .getBytes(StandardCharsets.US_ASCII));
                    } catch (IOException e) {
                        // The proxy went away, or the test has ended.
                    }
                }
            });
            chain(options(between), server.getLocalPort());
            String heard = curl(version, "-i", mesh.uri("/").toString());
            assertThat(heard).contains("x-app: old").endsWith("\r\n\r\n" + answer);
            app.interrupt();
        }
    }

    @ParameterizedTest
    @CsvSource({"h1", "h2"})
    void aWebSocket_passesAsATunnel(String between) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread app = Thread.ofVirtual().start(() -> serveWebSockets(server));
            chain(between.equals("h1") ? "" : HTTP2, server.getLocalPort());
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
                socket.setSoTimeout((int) TIMEOUT.toMillis());
                socket.getOutputStream().write("""
                        GET /chat HTTP/1.1\r
                        Host: app\r
                        Connection: Upgrade\r
                        Upgrade: websocket\r
                        Sec-WebSocket-Version: 13\r
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                        \r
                        """.getBytes(StandardCharsets.US_ASCII));
                DataInputStream in = new DataInputStream(socket.getInputStream());
                String head = head(in);
                assertThat(head).startsWith("HTTP/1.1 101 ").containsIgnoringCase("upgrade: websocket");
                // The example of RFC 6455 section 1.3.
                assertThat(head).containsIgnoringCase("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
                for (String message : List.of("hello", "x".repeat(100_000))) {
                    socket.getOutputStream().write(message.getBytes(StandardCharsets.US_ASCII));
                    byte[] echo = in.readNBytes(message.length());
                    assertThat(new String(echo, StandardCharsets.US_ASCII)).isEqualTo(message);
                }
            }
            app.interrupt();
        }
    }

    /** Answers handshakes, then sends back what comes; other requests get 200. */
    private static void serveWebSockets(ServerSocket server) {
        while (true) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> {
                    try (socket) {
                        DataInputStream in = new DataInputStream(socket.getInputStream());
                        String head = head(in);
                        if (!head.startsWith("GET /chat")) {
                            socket.getOutputStream()
                                    .write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                                            .getBytes(StandardCharsets.US_ASCII));
                            return;
                        }
                        String key = head.lines()
                                .filter(line ->
                                        line.toLowerCase(java.util.Locale.ROOT).startsWith("sec-websocket-key"))
                                .map(line ->
                                        line.substring(line.indexOf(':') + 1).strip())
                                .findFirst()
                                .orElseThrow();
                        byte[] hash = java.security.MessageDigest.getInstance("SHA-1")
                                .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                        .getBytes(StandardCharsets.US_ASCII));
                        socket.getOutputStream()
                                .write(("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                                + "Upgrade: websocket\r\nSec-WebSocket-Accept: "
                                                + java.util.Base64.getEncoder().encodeToString(hash) + "\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII));
                        in.transferTo(socket.getOutputStream());
                    } catch (IOException | java.security.NoSuchAlgorithmException e) {
                        // The client went away.
                    }
                });
            } catch (IOException e) {
                return; // closed at the end of the test
            }
        }
    }

    private static String head(DataInputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        String text = "";
        while (!text.endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                return text;
            }
            head.write(b);
            text = head.toString(StandardCharsets.ISO_8859_1);
        }
        return text;
    }
}
