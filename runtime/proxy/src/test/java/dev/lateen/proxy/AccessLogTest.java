package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lines of access logs in Envoy's default format (Envoy documentation, access logging, default format string). */
final class AccessLogTest {
    private static final String TIME = "\\[\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z] ";

    private final TestMesh mesh = new TestMesh();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    private String log() {
        return TestMesh.accessLog(directory.resolve("log"), "");
    }

    private List<String> lines(int expected) {
        Path file = directory.resolve("log");
        TestMesh.await(expected + " lines are written", () -> read(file).size() >= expected);
        return read(file);
    }

    private static List<String> read(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code /dev/full} is a disk that is always full. */
    @Test
    void aFullDisk_costsLinesAndNoRequest() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(
                TestMesh.http(
                        "edge",
                        "OUTBOUND",
                        log().replace(directory.resolve("log").toString(), "/dev/full"),
                        ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                TestMesh.cluster("app", "", app));
        for (int i = 0; i < 5; i++) {
            assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        }
        TestMesh.await("all lines are counted", () -> lost() == 5);
    }

    private long lost() {
        try {
            return mesh.client()
                    .send(
                            HttpRequest.newBuilder(URI.create(
                                            "http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofLines())
                    .body()
                    .filter(line -> line.startsWith("lateen_access_log_lines_lost_total "))
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                    .sum();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void requests() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(http("edge", "UNSPECIFIED", log(), ""), """
            {match: {prefix: "/down"}, route: {cluster: "refused"}},
            {match: {prefix: "/"}, route: {cluster: "app"}}
            """, cluster("app", "", app), cluster("refused", "", 1));
        mesh.get("/a?b", "user-agent", "test", "x-request-id", "id");
        mesh.get("/down", "user-agent", "test", "x-request-id", "id");
        List<String> lines = lines(2);
        assertThat(lines.get(0))
                .matches(TIME + "\"GET /a\\?b HTTP/1\\.1\" 200 - 0 5 \\d+ \\d+ \"-\" \"test\" \"id\" \"127\\.0\\.0\\.1:"
                        + mesh.port() + "\" \"127\\.0\\.0\\.1:" + app + "\"");
        assertThat(lines.get(1))
                .matches(TIME + "\"GET /down HTTP/1\\.1\" 503 UF 0 \\d+ \\d+ - \"-\" \"test\" \"id\" \"127\\.0\\.0\\.1:"
                        + mesh.port() + "\" \"127\\.0\\.0\\.1:1\"");
    }

    /** What a client writes into its head stays one line of text, byte by byte, and one value of JSON. */
    @Test
    void hostileValuesStayInTheirPlace() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        String logs = """
            access_log: [
              {name: "text", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                path: "%1$s/log", log_format: {text_format_source: {inline_string: "%%REQ(x)%%|%%PATH%%\\n"}}}},
              {name: "json", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                path: "%1$s/json", log_format: {json_format: {x: "%%REQ(x)%%"}}}}],
            """.formatted(directory);
        mesh.serve(
                http("edge", "UNSPECIFIED", logs, ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app));
        // A tab, signs of JSON, UTF-8 and a byte that is none; the test sends bytes of ISO 8859-1.
        String utf8 = new String("gr\u00fc\u00df".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        mesh.raw("GET /%0a\"} HTTP/1.1|host: h|connection: close|x: \",\\\t{\"y\":1}</script> " + utf8 + "\u00ff||");
        TestMesh.await(
                "lines are written",
                () -> !bytes("log").isEmpty() && !bytes("json").isEmpty());
        assertThat(bytes("log")).isEqualTo("\",\\\t{\"y\":1}</script> " + utf8 + "\u00ff|/%0a\"}\n");
        Struct.Builder fields = Struct.newBuilder();
        String line = new String(bytes("json").getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        assertThat(line.lines()).hasSize(1);
        JsonFormat.parser().merge(line, fields);
        assertThat(fields.getFieldsMap()).hasSize(1);
        assertThat(fields.getFieldsOrThrow("x").getStringValue())
                .isEqualTo("\",\\\t{\"y\":1}</script> gr\u00fc\u00df\ufffd");
    }

    private String bytes(String file) {
        try {
            Path path = directory.resolve(file);
            return Files.exists(path) ? Files.readString(path, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void connections() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(listener("edge", "UNSPECIFIED", """
            filter_chains: [{filters: [{name: "tcp", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "tcp", %s cluster: "app"}}]}]
            """.formatted(log())), "", cluster("app", "", app));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().readAllBytes()).asString().endsWith("hello");
        }
        assertThat(lines(1).getFirst())
                .matches(TIME + "\"- - -\" 0 - 18 \\d+ \\d+ - \"-\" \"-\" \"-\" \"-\" \"127\\.0\\.0\\.1:" + app + "\"");
    }

    /** A listener's own log has connections that no filter chain takes. */
    @Test
    void connectionsThatNobodyTakes() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(listener("edge", "UNSPECIFIED", """
            %s
            filter_chains: [{filter_chain_match: {source_ports: [1]}, filters: [{name: "tcp", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "tcp", cluster: "app"}}]}]
            """.formatted(log())), "", cluster("app", "", app));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            assertThat(read(socket)).isEqualTo(-1);
        }
        assertThat(lines(1).getFirst()).matches(TIME + "\"- - -\" 0 NR 0 0 \\d+ - \"-\" \"-\" \"-\" \"-\" \"-\"");
    }

    @Test
    void connectionsOfAListener() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(listener("edge", "UNSPECIFIED", """
            %s
            filter_chains: [{filters: [{name: "tcp", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "tcp", cluster: "app"}}]}]
            """.formatted(log())), "", cluster("app", "", app));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().readAllBytes()).asString().endsWith("hello");
        }
        assertThat(lines(1).getFirst()).matches(TIME + "\"- - -\" 0 - 18 \\d\\d+ \\d+ - .*");
    }

    /** What a client reads: -1 for an end, a reset among them. */
    private static int read(Socket socket) {
        try {
            return socket.getInputStream().read();
        } catch (IOException e) {
            return -1;
        }
    }

    /**
     * A connection that is only passed on is shown to those who look, like a request, and one that rules refuse as well,
     * with why it ended.
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ALLOW | app  | 18 |
        DENY  |      | 0  | rbac_access_denied_matched_policy[everyone]
        """)
    void connectionsAreTapped(String action, String cluster, String bytes, String details) throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(listener("edge", "INBOUND", """
            filter_chains: [{filters: [
              {name: "access", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC", stat_prefix: "tcp.",
                rules: {action: %s, policies: {everyone: {permissions: [{any: true}], principals: [{any: true}]}}}}},
              {name: "tcp", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                stat_prefix: "tcp", %s cluster: "app"}}]}]
            """.formatted(action, log())), "", cluster("app", "", app));
        HttpRequest page = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/tap"))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<Stream<String>> tap = client.send(page, HttpResponse.BodyHandlers.ofLines());
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
                socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                byte[] answer = socket.getInputStream().readAllBytes();
                assertThat(answer).isNotEmpty();
                assertThat(action).isEqualTo("ALLOW");
            } catch (IOException e) {
                assertThat(action).as(String.valueOf(e)).isEqualTo("DENY");
            }
            String line = tap.body().filter(text -> !text.isBlank()).findFirst().orElse("");
            Struct.Builder fields = Struct.newBuilder();
            JsonFormat.parser().merge(line, fields);
            assertThat(fields.getFieldsOrThrow("method").hasNullValue()).isTrue();
            assertThat(fields.getFieldsOrThrow("bytes_received").getNumberValue())
                    .isEqualTo(Double.parseDouble(bytes));
            assertThat(fields.getFieldsOrThrow("upstream_cluster").getStringValue())
                    .isEqualTo(cluster == null ? "" : cluster);
            assertThat(fields.getFieldsOrThrow("connection_termination_details").getStringValue())
                    .isEqualTo(details == null ? "" : details);
            client.shutdownNow();
            assertThat(lines(1).getFirst())
                    .matches(TIME + "\"- - -\" 0 " + (details == null ? "-" : "UAEX") + " " + bytes + " .*");
        }
    }

    @Test
    void anExpressionSaysWhoGetsALine() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        String filtered = log().replace("typed_config", """
            filter: {extension_filter: {name: "cel", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
              expression: "response.code >= 500 || request.headers['x-log'] == 'yes'"}}}, typed_config\
            """);
        mesh.serve(http("edge", "UNSPECIFIED", filtered, ""), """
            {match: {prefix: "/down"}, route: {cluster: "refused"}},
            {match: {prefix: "/"}, route: {cluster: "app"}}
            """, cluster("app", "", app), cluster("refused", "", 1));
        mesh.get("/silent");
        mesh.get("/asked", "x-log", "yes");
        mesh.get("/other", "x-log", "no");
        mesh.get("/down");
        assertThat(lines(2)).satisfiesExactly(line -> assertThat(line).contains("GET /asked"), line -> assertThat(line)
                .contains("GET /down"));
    }
}
