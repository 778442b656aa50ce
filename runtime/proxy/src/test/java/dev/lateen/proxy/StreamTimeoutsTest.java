package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What callers and the log are told when a stream takes too long. The expected values are those of Envoy 1.40.0, which was
 * asked with the same configuration and the same bytes.
 */
class StreamTimeoutsTest {
    private final TestMesh mesh = new TestMesh();
    private final RawApp app;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    StreamTimeoutsTest() throws IOException {
        app = new RawApp(StreamTimeoutsTest::answer);
    }

    @AfterEach
    void stop() throws IOException {
        mesh.close();
        app.close();
    }

    /** Reads what comes and never finishes an answer; to {@code /begun} it begins one. */
    private static void answer(Socket socket, String request) throws IOException {
        if (request.contains("/begun")) {
            socket.getOutputStream()
                    .write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab".getBytes(StandardCharsets.US_ASCII));
        }
        RawApp.awaitEnd(socket);
    }

    private static final String SILENT = "GET /silent HTTP/1.1|Host: a|Connection: close||";
    private static final String BEGUN = "GET /begun HTTP/1.1|Host: a|Connection: close||";
    private static final String PART = "POST /part HTTP/1.1|Host: a|Connection: close|Content-Length: 10||abc";
    private static final String GRPC = "POST /grpc HTTP/1.1|Host: a|Connection: close|Content-Type: application/grpc"
            + "|grpc-timeout: 200m|Content-Length: 0||";

    private static String request(String name) {
        return switch (name) {
            case "silent" -> SILENT;
            case "begun" -> BEGUN;
            case "part" -> PART;
            case "grpc" -> GRPC;
            case "head" -> "GET / HTTP/1.1|Ho";
            default -> throw new IllegalArgumentException(name);
        };
    }

    @ParameterizedTest(name = "{0} {1} {2}: {3}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        stream_idle_timeout: "0.2s",                                    | | silent | 504 stream timeout               | 504 SI stream_idle_timeout
        stream_idle_timeout: "0.2s",                                    | | part   | 408 stream timeout               | 408 SI stream_idle_timeout
        stream_idle_timeout: "0.2s",                                    | | begun  | 200 ab                           | 200 SI stream_idle_timeout
        stream_idle_timeout: "0.2s",                                    | | grpc   | 200 14 stream timeout            | 200 SI stream_idle_timeout
        common_http_protocol_options: {max_stream_duration: "0.2s"},    | | silent | 504 downstream duration timeout  | 504 - max_duration_timeout
        common_http_protocol_options: {max_stream_duration: "0.2s"},    | | part   | 408 downstream duration timeout  | 408 - max_duration_timeout
        common_http_protocol_options: {max_stream_duration: "0.2s"},    | | begun  | 200 ab                           | 200 - max_duration_timeout
        common_http_protocol_options: {max_stream_duration: "0.2s"},    | | grpc   | 200 4 downstream duration timeout | 200 - max_duration_timeout
        request_timeout: "0.2s",                                        | | part   | 408 request timeout              | 408 - request_overall_timeout
        none | retry_policy: {per_try_idle_timeout: "0.2s", retry_on: "connect-failure"}      | silent | 504 upstream request timeout | 504 UT upstream_per_try_idle_timeout
        none | retry_policy: {per_try_idle_timeout: "0.2s", retry_on: "connect-failure"}      | begun  | 200 ab | 200 UT upstream_per_try_idle_timeout
        none | cluster: "short" | silent | 504 upstream max stream duration reached    | 504 UMSDR upstream_max_stream_duration_reached
        none | cluster: "short" | part   | 408 upstream max stream duration reached    | 408 UMSDR upstream_max_stream_duration_reached
        none | cluster: "short" | begun  | 200 ab                                      | 200 UMSDR upstream_max_stream_duration_reached
        none | cluster: "short" | grpc   | 200 14 upstream max stream duration reached | 200 UMSDR upstream_max_stream_duration_reached
        none | max_stream_duration: {grpc_timeout_header_max: "0s"} | grpc | 200 4 downstream duration timeout | 200 - max_duration_timeout
        stream_idle_timeout: "0.2s", | idle_timeout: "60s", max_stream_duration: {max_stream_duration: "0.2s"} | silent | 504 downstream duration timeout | 504 - max_duration_timeout
        """)
    void aStreamThatTakesTooLong(
            @Nullable String listener, @Nullable String route, String request, String answer, String log)
            throws Exception {
        Path file = directory.resolve("log");
        String cluster = route != null && route.startsWith("cluster") ? "" : "cluster: \"app\",";
        mesh.serve(
                http("edge", "UNSPECIFIED", """
                        access_log: [{name: "file", typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", path: "%s",
                          log_format: {text_format_source: {inline_string:
                            "%%RESPONSE_CODE%% %%RESPONSE_FLAGS%% %%RESPONSE_CODE_DETAILS%%\\n"}}}}], %s
                        """.formatted(file, listener == null ? "" : listener), ""),
                "{match: {prefix: \"/\"}, route: {" + cluster + (route == null ? "" : route + ",")
                        + " timeout: \"0s\"}}",
                cluster("app", "", app.port()),
                cluster("short", """
                        typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                          "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                          common_http_protocol_options: {max_stream_duration: "0.2s"},
                          explicit_http_config: {http_protocol_options: {}}}},
                        """, app.port()));
        assertThat(told(mesh.raw(request(request)))).isEqualTo(answer);
        TestMesh.await("a line is written", () -> file.toFile().length() > 0);
        assertThat(Files.readAllLines(file)).containsExactly(log);
    }

    @ParameterizedTest
    @CsvSource({"request_headers_timeout", "request_timeout"})
    void aHeadThatDoesNotEnd(String limit) throws Exception {
        mesh.serve(
                http("edge", "UNSPECIFIED", limit + ": \"0.2s\",", ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app.port()));
        assertThat(mesh.raw(request("head"))).startsWith("HTTP/1.1 408 ");
    }

    /** Status, gRPC status and text of an answer. */
    private static String told(String answer) {
        String status = answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length());
        String grpc = field(answer, "grpc-status: ");
        return grpc == null
                ? status + " " + answer.substring(answer.indexOf("\r\n\r\n") + 4)
                : status + " " + grpc + " " + field(answer, "grpc-message: ");
    }

    private static @Nullable String field(String answer, String name) {
        int at = answer.indexOf(name);
        return at < 0 ? null : answer.substring(at + name.length(), answer.indexOf("\r\n", at));
    }
}
