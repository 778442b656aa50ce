package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is to blame, as logs have it where no request could be read or none is looked for. */
final class FaultRecordsTest {
    private final TestMesh mesh = new TestMesh();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    private String log() {
        return TestMesh.accessLog(
                directory.resolve("log"),
                ", log_format: {text_format_source: {inline_string: \"%RESPONSE_FLAGS% %RESP(X-LATEEN-FAULT)%\\n\"}}");
    }

    private String line() throws IOException {
        Path file = directory.resolve("log");
        TestMesh.await(
                "a line is written", () -> Files.exists(file) && file.toFile().length() > 0);
        return Files.readString(file);
    }

    private void connect() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        } catch (java.net.SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    private static String tcp(String log, String match, String filters) {
        return """
            filter_chains: [{%s filters: [%s {name: "tcp", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "tcp", %s cluster: "app"}}]}]
            """.formatted(match, filters, log);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        no cluster   | NC side=proxy, phase=route, flag=NC, peer="app", setting="the route's destination"
        no endpoint  | UH side=upstream, phase=select_endpoint, flag=UH, peer="app"
        nobody there | UF side=upstream, phase=connect, flag=UF, peer="127.0.0.1:1", advice="Nothing took the connection
        """)
    void connectionsToNobody(String what, String expected) throws IOException {
        mesh.serve(
                listener("edge", "OUTBOUND", tcp(log(), "", "")),
                "",
                switch (what) {
                    case "no endpoint" -> cluster("app", "");
                    case "nobody there" -> cluster("app", "", 1);
                    default -> cluster("other", "", 1);
                });
        connect();
        assertThat(record(line())).startsWith(expected);
    }

    @Test
    void connectionsThatRulesRefuse() throws IOException {
        mesh.serve(listener("edge", "INBOUND", tcp(log(), "", """
            {name: "access", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC", stat_prefix: "tcp.",
              rules: {action: DENY, policies: {everyone: {permissions: [{any: true}], principals: [{any: true}]}}}}},
            """)), "", cluster("app", "", 1));
        connect();
        assertThat(record(line()))
                .startsWith("UAEX side=proxy, phase=request_head, flag=UAEX, setting=\"AuthorizationPolicy\"")
                .doesNotContain("everyone");
    }

    @Test
    void connectionsThatNoChainTakes() throws IOException {
        mesh.serve(
                listener("edge", "UNSPECIFIED", log() + tcp("", "filter_chain_match: {source_ports: [1]},", "")),
                "",
                cluster("app", "", 1));
        connect();
        assertThat(record(line())).startsWith("NR side=proxy, phase=route, flag=NR, setting=\"listener \\\"edge\\\"\"");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        GET / HTTP/1.1↵host: a↵host: b↵↵           | DPE side=downstream, phase=request_head, flag=DPE, details="http1.codec_error", advice="No request could be read (
        GET / HTTP/1.1↵host: a↵x: %s↵↵             | DPE side=downstream, phase=request_head, flag=DPE, details="http1.headers_too_large", setting="max_request_headers_kb", advice="No request could be read (
        GET / HTTP/7.1↵host: a↵↵                   | DPE side=downstream, phase=request_head, flag=DPE, details="http1.codec_error", advice="No request could be read (
        """)
    void whatIsNoRequest(String bytes, String expected) throws IOException {
        mesh.serve(http("edge", "OUTBOUND", log(), ""), "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}");
        assertThat(mesh.raw(bytes.replace("↵", "|").replace("%s", "x".repeat(70_000))))
                .startsWith("HTTP/1.1 4");
        assertThat(record(line())).startsWith(expected);
    }

    /** Without who tells it, which is another one in each test. */
    private static String record(String line) {
        return new String(line.getBytes(StandardCharsets.UTF_8), StandardCharsets.US_ASCII)
                .replaceFirst(" by=\"[^\"]*\", ", " ");
    }
}
