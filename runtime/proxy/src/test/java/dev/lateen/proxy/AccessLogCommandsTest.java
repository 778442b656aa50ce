package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.format.Format;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command of access logs, as a value of a log in JSON: of a request, of a connection that is passed on, and of the
 * latter in the log of its listener. What is expected is Envoy's (documentation, "Substitution formatter"; where that says
 * "-" the value in JSON is null, but for numbers, which are 0).
 */
final class AccessLogCommandsTest {
    /** Command, and what its value matches for a request, for a connection, and for a connection in its listener's log. */
    private static final String TABLE = """
        START_TIME                              | "20..-..-..T..:..:..[.]...Z" | = | =
        START_TIME_LOCAL                        | "20..-..-..T..:..:..[.]...[+-]..:.." | = | =
        START_TIME(%Y)                          | "20.."    | =      | =
        EMIT_TIME                               | "20..-..-..T..:..:..[.]...Z" | = | =
        EMIT_TIME_LOCAL                         | "20..-..-..T..:..:..[.]...[+-]..:.." | = | =
        REQUEST_HEADERS_BYTES                   | [1-9]\\d+ | 0      | 0
        RESPONSE_HEADERS_BYTES                  | [1-9]\\d+ | 0      | 0
        RESPONSE_TRAILERS_BYTES                 | 0         | 0      | 0
        BYTES_RECEIVED                          | 7         | 19     | 19
        BYTES_SENT                              | 5         | \\d{2,} | \\d{2,}
        BYTES_RETRANSMITTED                     | 0         | 0      | 0
        PACKETS_RETRANSMITTED                   | 0         | 0      | 0
        PROTOCOL                                | "HTTP/1.1" | null  | null
        UPSTREAM_PROTOCOL                       | "HTTP/1.1" | null  | null
        RESPONSE_CODE                           | 200       | 0      | 0
        RESPONSE_CODE_DETAILS                   | "via_upstream" | null | null
        CONNECTION_TERMINATION_DETAILS          | null      | null   | null
        DURATION                                | \\d+      | \\d+   | \\d+
        COMMON_DURATION(DS_RX_BEG:DS_TX_END:us) | [1-9]\\d* | null   | null
        COMMON_DURATION(US_TX_BEG:US_RX_BEG:ns) | [1-9]\\d* | null   | null
        COMMON_DURATION(US_CX_BEG:US_CX_END:ns) | [1-9]\\d* | =      | =
        COMMON_DURATION(US_RX_BODY_BEG:US_RX_END) | \\d+    | null   | null
        COMMON_DURATION(DS_CX_BEG:DS_CX_END)    | null      | \\d+   | \\d+
        COMMON_DURATION(US_CX_BEG:US_HS_END)    | null      | null   | null
        COMMON_DURATION(DS_TX_END:DS_RX_BEG)    | null      | null   | null
        COMMON_DURATION(some:other)             | null      | null   | null
        REQUEST_DURATION                        | \\d+      | null   | null
        REQUEST_TX_DURATION                     | \\d+      | null   | null
        RESPONSE_DURATION                       | \\d+      | null   | null
        RESPONSE_TX_DURATION                    | \\d+      | null   | null
        ROUNDTRIP_DURATION                      | null      | null   | null
        DOWNSTREAM_HANDSHAKE_DURATION           | null      | null   | null
        UPSTREAM_CONNECTION_POOL_READY_DURATION | \\d+      | null   | null
        RESPONSE_FLAGS                          | "-"       | "-"    | "-"
        RESPONSE_FLAGS_LONG                     | "-"       | "-"    | "-"
        CUSTOM_FLAGS                            | ""        | ""     | ""
        UPSTREAM_HOST                           | "127.0.0.1:APP" | = | =
        UPSTREAM_HOST_NAME                      | "127.0.0.1:APP" | = | =
        UPSTREAM_HOST_NAME_WITHOUT_PORT         | "127.0.0.1" | =    | =
        UPSTREAM_HOSTS_ATTEMPTED                | "127.0.0.1:APP" | = | =
        UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT   | "127.0.0.1" | =    | =
        UPSTREAM_HOST_NAMES_ATTEMPTED           | "127.0.0.1:APP" | = | =
        UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT | "127.0.0.1" | = | =
        UPSTREAM_CLUSTER                        | "app"     | =      | =
        UPSTREAM_CLUSTER_RAW                    | "app"     | =      | =
        UPSTREAM_LOCAL_ADDRESS                  | "127.0.0.1:\\d+" | = | =
        UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT     | "127.0.0.1" | =    | =
        UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(4)  | "112.0.0.0/4" | =  | =
        UPSTREAM_LOCAL_PORT                     | \\d+      | =      | =
        UPSTREAM_REMOTE_ADDRESS                 | "127.0.0.1:APP" | = | =
        UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT    | "127.0.0.1" | =    | =
        UPSTREAM_REMOTE_PORT                    | APP       | =      | =
        UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID     | null      | null   | null
        UPSTREAM_CONNECTION_ID                  | [1-9]\\d* | =      | =
        UPSTREAM_TRANSPORT_FAILURE_REASON       | null      | null   | null
        UPSTREAM_REQUEST_ATTEMPT_COUNT          | 1         | 1      | 1
        UPSTREAM_SERVER_NAME                    | null      | null   | null
        UPSTREAM_TLS_VERSION                    | null      | null   | null
        UPSTREAM_TLS_CIPHER                     | null      | null   | null
        UPSTREAM_TLS_SESSION_ID                 | null      | null   | null
        UPSTREAM_PEER_SUBJECT                   | null      | null   | null
        UPSTREAM_PEER_ISSUER                    | null      | null   | null
        UPSTREAM_PEER_CERT                      | null      | null   | null
        UPSTREAM_PEER_CERT_V_START              | null      | null   | null
        UPSTREAM_PEER_CERT_V_END(%Y)            | null      | null   | null
        UPSTREAM_PEER_URI_SAN                   | null      | null   | null
        UPSTREAM_PEER_DNS_SAN                   | null      | null   | null
        UPSTREAM_PEER_IP_SAN                    | null      | null   | null
        UPSTREAM_LOCAL_URI_SAN                  | null      | null   | null
        UPSTREAM_LOCAL_DNS_SAN                  | null      | null   | null
        UPSTREAM_LOCAL_IP_SAN                   | null      | null   | null
        DOWNSTREAM_REMOTE_ADDRESS               | "203.0.113.7:0" | "127.0.0.1:\\d+" | "127.0.0.1:\\d+"
        DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT  | "203.0.113.7" | "127.0.0.1" | "127.0.0.1"
        DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(25) | "203.0.113.0/25" | "127.0.0.0/25" | "127.0.0.0/25"
        DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(33) | null   | null   | null
        DOWNSTREAM_REMOTE_PORT                  | 0         | [1-9]\\d+ | [1-9]\\d+
        DOWNSTREAM_DIRECT_REMOTE_ADDRESS        | "127.0.0.1:\\d+" | = | =
        DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT | "127.0.0.1" | = | =
        DOWNSTREAM_DIRECT_REMOTE_PORT           | [1-9]\\d+ | =      | =
        DOWNSTREAM_LOCAL_ADDRESS                | "127.0.0.1:PORT" | = | =
        DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT   | "127.0.0.1" | =    | =
        DOWNSTREAM_LOCAL_PORT                   | PORT      | =      | =
        DOWNSTREAM_DIRECT_LOCAL_ADDRESS         | "127.0.0.1:PORT" | = | =
        DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT(8) | "127.0.0.0/8" | = | =
        DOWNSTREAM_DIRECT_LOCAL_PORT            | PORT      | =      | =
        DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID    | null      | null   | null
        DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID | null  | null   | null
        DOWNSTREAM_TRANSPORT_FAILURE_REASON     | null      | null   | null
        DOWNSTREAM_TLS_VERSION                  | null      | null   | null
        DOWNSTREAM_TLS_CIPHER                   | null      | null   | null
        DOWNSTREAM_TLS_SESSION_ID               | null      | null   | null
        DOWNSTREAM_PEER_URI_SAN                 | null      | null   | null
        DOWNSTREAM_PEER_DNS_SAN                 | null      | null   | null
        DOWNSTREAM_PEER_IP_SAN                  | null      | null   | null
        DOWNSTREAM_PEER_EMAIL_SAN               | null      | null   | null
        DOWNSTREAM_PEER_SUBJECT                 | null      | null   | null
        DOWNSTREAM_PEER_ISSUER                  | null      | null   | null
        DOWNSTREAM_PEER_SERIAL                  | null      | null   | null
        DOWNSTREAM_PEER_FINGERPRINT_256         | null      | null   | null
        DOWNSTREAM_PEER_FINGERPRINT_1           | null      | null   | null
        DOWNSTREAM_PEER_CHAIN_SERIALS           | null      | null   | null
        DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256  | null      | null   | null
        DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1    | null      | null   | null
        DOWNSTREAM_PEER_CERT                    | null      | null   | null
        DOWNSTREAM_PEER_CERT_V_START            | null      | null   | null
        DOWNSTREAM_PEER_CERT_V_END              | null      | null   | null
        DOWNSTREAM_LOCAL_URI_SAN                | null      | null   | null
        DOWNSTREAM_LOCAL_DNS_SAN                | null      | null   | null
        DOWNSTREAM_LOCAL_IP_SAN                 | null      | null   | null
        DOWNSTREAM_LOCAL_EMAIL_SAN              | null      | null   | null
        DOWNSTREAM_LOCAL_SUBJECT                | null      | null   | null
        TLS_JA3_FINGERPRINT                     | null      | null   | null
        TLS_JA4_FINGERPRINT                     | null      | null   | null
        REQUESTED_SERVER_NAME                   | null      | null   | null
        REQUESTED_SERVER_NAME(SNI_FIRST)        | "127.0.0.1:PORT" | null | null
        CONNECTION_ID                           | [1-9]\\d* | =      | =
        FILTER_CHAIN_NAME                       | "chain"   | =      | =
        ROUTE_NAME                              | "all"     | null   | null
        VIRTUAL_HOST_NAME                       | "all"     | null   | null
        VIRTUAL_CLUSTER_NAME                    | null      | null   | null
        STREAM_ID                               | "id"      | "UUID" | "UUID"
        UNIQUE_ID                               | "UUID"    | "UUID" | "UUID"
        TRACE_ID                                | null      | null   | null
        SPAN_ID                                 | null      | null   | null
        ACCESS_LOG_TYPE                         | "DownstreamEnd" | "TcpConnectionEnd" | "NotSet"
        LOCAL_REPLY_BODY                        | ""        | ""     | ""
        HOSTNAME                                | ".+"      | =      | =
        GRPC_STATUS                             | null      | null   | null
        GRPC_STATUS(NUMBER)                     | null      | null   | null
        GRPC_STATUS_NUMBER                      | null      | null   | null
        FILTER_STATE(upstream_peer:FIELD:app)   | null      | null   | null
        ENVIRONMENT(PATH):1                     | "."       | =      | =
        REQ(user-agent):4                       | "test"    | null   | null
        REQUEST_HEADER(none?:authority)         | "127.0.0.1:PORT" | null | null
        REQ_WITHOUT_QUERY(:path)                | "/a"      | null   | null
        RESP(x-app)                             | "yes"     | null   | null
        RESPONSE_HEADER(:status)                | "200"     | null   | null
        TRAILER(x)                              | null      | null   | null
        RESPONSE_TRAILER(x?y)                   | null      | null   | null
        PATH(NQ)                                | "/a"      | null   | null
        QUERY_PARAM(x)                          | "1"       | null   | null
        QUERY_PARAMS                            | "x=1&y"   | null   | null
        COALESCE({"operators":["TRACE_ID","RESPONSE_CODE"]}) | "200" | "0" | "0"
        """;

    private static final Pattern FIELD = Pattern.compile("\"(c\\d+)\":(null|\\d+|\"(?:[^\"\\\\]|\\\\.)*\")");

    private final TestMesh mesh = new TestMesh();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    private record Row(String command, List<String> expected) {
        static List<Row> all() {
            List<Row> rows = new ArrayList<>();
            for (String line : TABLE.strip().split("\n")) {
                String[] cells = line.split(" \\| ", -1);
                List<String> expected = new ArrayList<>();
                for (int i = 1; i < cells.length; i++) {
                    String cell = cells[i].strip();
                    expected.add(cell.equals("=") ? expected.getFirst() : cell);
                }
                assertThat(expected).as(line).hasSize(3);
                rows.add(new Row(cells[0].strip(), expected));
            }
            return rows;
        }

        String name() {
            return command.replaceFirst("[(:].*$", "");
        }
    }

    private String log(String file, List<Row> rows) {
        StringBuilder fields = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            String command = "%" + rows.get(i).command() + "%";
            fields.append("\"c")
                    .append(i)
                    .append("\": \"")
                    .append(command.replace("\"", "\\\""))
                    .append("\",");
        }
        return """
            access_log: [{name: "file", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
              path: "%s", log_format: {json_format: {%s}}}}],
            """.formatted(directory.resolve(file), fields.substring(0, fields.length() - 1));
    }

    @Test
    void theTableHasEveryCommand() {
        Set<String> named = new TreeSet<>();
        Row.all().forEach(row -> named.add(row.name()));
        assertThat(named).isEqualTo(new TreeSet<>(Format.commands()));
    }

    @Test
    void requests() throws Exception {
        int app = mesh.backend(exchange -> {
            exchange.getResponseHeaders().add("x-app", "yes");
            reply(exchange, 200, "hello");
        });
        List<Row> rows = Row.all();
        mesh.serve(
                named(http("edge", "UNSPECIFIED", log("http", rows), "")),
                "{name: \"all\", match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app));
        mesh.send(HttpRequest.newBuilder(mesh.uri("/a?x=1&y"))
                .headers("user-agent", "tester", "x-request-id", "id", "x-forwarded-for", "203.0.113.7")
                .POST(HttpRequest.BodyPublishers.ofString("content"))
                .build());
        verify(rows, 0, app, "http");
    }

    @Test
    void connections() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        List<Row> rows = Row.all();
        mesh.serve(
                named(listener("edge", "UNSPECIFIED", """
            %s
            filter_chains: [{filters: [{name: "tcp", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "tcp", %s cluster: "app"}}]}]
            """.formatted(log("listener", rows), log("tcp", rows)))),
                "",
                cluster("app", "", app));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            socket.getOutputStream().write("GET /a HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().readAllBytes()).asString().endsWith("hello");
        }
        verify(rows, 1, app, "tcp");
        verify(rows, 2, app, "listener");
    }

    private static io.envoyproxy.envoy.config.listener.v3.Listener named(
            io.envoyproxy.envoy.config.listener.v3.Listener listener) {
        var builder = listener.toBuilder();
        builder.getFilterChainsBuilder(0).setName("chain");
        return builder.build();
    }

    private void verify(List<Row> rows, int column, int app, String file) {
        Path log = directory.resolve(file);
        TestMesh.await("a line is written to " + file, () -> !read(log).isEmpty());
        String line = read(log).getFirst();
        SoftAssertions softly = new SoftAssertions();
        Matcher fields = FIELD.matcher(line);
        int found = 0;
        while (fields.find()) {
            Row row = rows.get(Integer.parseInt(fields.group(1).substring(1)));
            found++;
            softly.assertThat(fields.group(2))
                    .as("%s in the log %s", row.command(), file)
                    .matches(row.expected()
                            .get(column)
                            .replace("APP", Integer.toString(app))
                            .replace("PORT", Integer.toString(mesh.port()))
                            .replace("UUID", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
        }
        softly.assertThat(found).as(line).isEqualTo(rows.size());
        softly.assertAll();
    }

    private static List<String> read(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
