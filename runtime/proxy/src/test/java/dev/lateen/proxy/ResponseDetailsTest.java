package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Status, flags and details of what becomes of requests. The lines are those of Envoy 1.40.0, which was asked with the same
 * configuration and the same bytes, but for the order of flags and its 501 for an unknown transfer coding.
 */
class ResponseDetailsTest {
    private static final String ROUTES = """
        {match: {path: "/none"}, route: {cluster: "nobody knows"}}, {match: {path: "/empty"}, route: {cluster: "empty"}},
        {match: {path: "/refused"}, route: {cluster: "refused"}}, {match: {path: "/direct"}, direct_response: {status: 299}},
        {match: {path: "/silent"}, route: {cluster: "app", timeout: "0.2s"}},
        {match: {path: "/late"}, route: {cluster: "app", timeout: "0.2s"}},
        {match: {path: "/try"}, route: {cluster: "app", retry_policy: {num_retries: 1, retry_on: "5xx", per_try_timeout: "0.1s"}}},
        {match: {prefix: "/to-app"}, route: {cluster: "app"}}
        """;

    private final TestMesh mesh = new TestMesh();
    private final RawApp app;
    private final int nobody;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    ResponseDetailsTest() throws IOException {
        app = new RawApp(ResponseDetailsTest::answer);
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = closed.getLocalPort();
        }
    }

    @BeforeEach
    void start() {
        mesh.serve(
                http("edge", "UNSPECIFIED", """
                        common_http_protocol_options: {headers_with_underscores_action: "REJECT_REQUEST"},
                        access_log: [{name: "file", typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", path: "%s",
                          log_format: {text_format_source: {inline_string:
                            "%%RESPONSE_CODE%% %%RESPONSE_FLAGS%% %%RESPONSE_CODE_DETAILS%%\\n"}}}}],
                        """.formatted(directory.resolve("log")), ""),
                ROUTES,
                cluster("app", "", app.port()),
                cluster("refused", "", nobody),
                cluster("empty", ""));
    }

    @AfterEach
    void stop() throws IOException {
        mesh.close();
        app.close();
    }

    private static void answer(Socket socket, String request) throws IOException {
        String path = request.substring(request.indexOf('/'), request.indexOf(" HTTP/"));
        String answer =
                switch (path) {
                    case "/to-app/ok" -> "HTTP/1.1 200 OK|content-length: 2||ok";
                    case "/to-app/cut", "/late" -> "HTTP/1.1 200 OK|content-length: 10||ok";
                    case "/to-app/nonsense" -> "nonsense||";
                    default -> "";
                };
        socket.getOutputStream().write(answer.replace("|", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        if (!path.startsWith("/to-app")) {
            RawApp.awaitEnd(socket);
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = ';', textBlock = """
        GET /to-app/ok       ; 200 - via_upstream
        GET /nowhere         ; 404 NR route_not_found
        GET /none            ; 503 NC cluster_not_found
        GET /empty           ; 503 UH no_healthy_upstream
        GET /refused         ; 503 UF upstream_reset_before_response_started{remote_connection_failure|…}
        GET /direct          ; 299 - direct_response
        GET /silent          ; 504 UT response_timeout
        GET /late            ; 200 UT response_timeout
        GET /try             ; 504 UT,URX upstream_per_try_timeout
        GET /to-app/close    ; 503 UC upstream_reset_before_response_started{connection_termination}
        GET /to-app/nonsense ; 502 UPE upstream_reset_before_response_started{protocol_error}
        GET /to-app/cut      ; 200 UPE upstream_reset_after_response_started{protocol_error}
        """)
    void requests(String request, String line) throws Exception {
        sent(request + " HTTP/1.1|Host: a|Connection: close||", line);
    }

    /** What is refused before anybody is asked. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = ';', textBlock = """
        GET /to-app/ok HTTP/1.0||                                                  ; 426 DPE low_version
        GET /to-app/ok HTTP/1.1|Host: a|Connection: close, upgrade|Upgrade: foo||  ; 403 - upgrade_failed
        GET /to-app/ok HTTP/1.1|Host: a|Connection: close|a_b: c||                 ; 400 DPE http1.unexpected_underscore
        GET /to-app/ok HTTP/1.1||                                                  ; 400 - missing_host_header
        GET /a b HTTP/1.1|Host: a||                                                ; 400 DPE http1.codec_error
        GET a HTTP/1.1|Host: a||                                                   ; 400 DPE http1.codec_error
        GET ftp://a/ HTTP/1.1|Host: a||                                            ; 400 DPE http1.invalid_scheme
        GET http:/// HTTP/1.1|Host: a||                                            ; 400 DPE http1.invalid_url
        GET / HTTP/1.1|Host: a b||                                                 ; 400 DPE http.invalid_authority
        POST /to-app/none HTTP/1.1|Host: a|Transfer-Encoding: chunked||zz|         ; 400 DPE http1.codec_error
        GET / HTTP/1.1|Host: a|x: <01>||                                           ; 400 DPE http1.invalid_characters
        POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip||                          ; 400 DPE http1.invalid_transfer_encoding
        POST / HTTP/1.1|Host: a|Content-Length: 1|Transfer-Encoding: chunked||     ; 400 DPE http1.content_length_and_chunked_not_allowed
        CONNECT a:1 HTTP/1.1|Host: a|Content-Length: 1||                           ; 400 DPE http1.body_disallowed
        GET / HTTP/1.1|Host: a|x: <70000>||                                        ; 431 DPE http1.headers_too_large
        GET / HTTP/1.1|Host: a|<101 fields>|                                       ; 431 DPE http1.too_many_headers
        """)
    void refusals(String request, String line) throws Exception {
        sent(
                request.replace("<01>", "\u0001")
                        .replace("<70000>", "x".repeat(70_000))
                        .replace("<101 fields>", "x: y|".repeat(101)),
                line);
    }

    private void sent(String request, String line) throws IOException {
        mesh.raw(request);
        Path log = directory.resolve("log");
        TestMesh.await("a line is written", () -> log.toFile().length() > 0);
        assertThat(Files.readAllLines(log))
                .singleElement()
                .asString()
                .matches(java.util.regex.Pattern.quote(line).replace("…", "\\E.*\\Q"));
    }
}
