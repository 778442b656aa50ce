package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxy.overload.ForcedResources;
import dev.lateen.proxycore.overload.Resource;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A proxy that is short of memory, and one with as many connections as it may have; readings are forced, all else is real. */
final class OverloadTest {
    private static final String TO_APP = "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}";
    private static final int CONNECTIONS = 8;

    private final TestMesh mesh = new TestMesh();
    private final ForcedResources process = new ForcedResources(CONNECTIONS);
    private final AtomicInteger reached = new AtomicInteger();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    private void serve(Listener... listeners) throws IOException {
        int app = mesh.backend(exchange -> {
            reached.incrementAndGet();
            reply(exchange, 200, "hello");
        });
        mesh.within(process);
        mesh.serve(List.of(listeners), TO_APP, cluster("app", "", app));
    }

    /** @param refused whether requests are refused then */
    private void use(Resource resource, int percent, boolean refused) {
        process.use(resource, percent);
        TestMesh.await(percent + " % of " + resource + " have been seen", () -> mesh.metrics(
                        "lateen_overload_active{action=\"stop_accepting_requests\"}")
                .getFirst()
                .endsWith(refused ? " 1" : " 0"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"HEAP, 92, 82, 79", "BUFFERS, 78, 68, 64"})
    void whileShortOfMemory_requestsAreAnswered503_andNoneReachesTheApp(
            Resource scarce, int over, int between, int below) throws Exception {
        serve(http("edge", "UNSPECIFIED", """
            access_log: [{name: "file", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", path: "%s",
              log_format: {text_format_source: {
                inline_string: "%%RESPONSE_CODE%% %%RESPONSE_FLAGS%% %%RESPONSE_CODE_DETAILS%%\\n"}}}}],
            """.formatted(directory.resolve("log")), ""));
        assertThat(mesh.get("/").statusCode()).isEqualTo(200);

        use(scarce, over, true);
        HttpResponse<String> refused = mesh.get("/");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.body()).isEqualTo("proxy overloaded");
        HttpResponse<String> grpc = mesh.get("/a.b/c", "content-type", "application/grpc");
        assertThat(grpc.statusCode()).isEqualTo(200);
        assertThat(grpc.headers().firstValue("grpc-status")).contains("14");
        assertThat(mesh.post("/", "x".repeat(300_000)).statusCode()).isEqualTo(503);
        assertThat(reached).hasValue(1);

        use(scarce, between, true); // well below where it began, not below where it ends
        assertThat(mesh.get("/").statusCode()).isEqualTo(503);
        use(scarce, below, false);
        assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        assertThat(mesh.metric("lateen_overload_requests_refused_total{resource=\"" + scarce.label() + "\"}"))
                .isEqualTo(4);
        TestMesh.await("all is logged", () -> lines().size() == 6);
        assertThat(lines())
                .containsExactly(
                        "200 - via_upstream",
                        "503 OM overload",
                        "200 OM overload",
                        "503 OM overload",
                        "503 OM overload",
                        "200 - via_upstream");
    }

    private List<String> lines() {
        try {
            Path log = directory.resolve("log");
            return Files.exists(log) ? Files.readAllLines(log) : List.of();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void inDanger_connectionsAreReset_andThoseThatAreThereGetTheirAnswers() throws Exception {
        serve(http("edge", "UNSPECIFIED", "", ""));
        try (Socket before = connect("edge")) {
            assertThat(answer(before)).isEqualTo("200");
            use(Resource.HEAP, 96, true);
            assertThat(answer(before)).isEqualTo("503");
            try (Socket late = connect("edge")) {
                assertThatThrownBy(() -> answer(late)).isInstanceOf(IOException.class);
            }
            assertThat(mesh.metric("lateen_overload_connections_refused_total{resource=\"heap\"}"))
                    .isEqualTo(1);
            use(Resource.HEAP, 50, false);
            assertThat(answer(before)).isEqualTo("200");
        }
    }

    /** Long before requests are refused, answers that a client does not read are given up, over both versions. */
    @ParameterizedTest(name = "HTTP/{0}, complete: {1}")
    @CsvSource({"1, false", "2, false", "2, true"})
    void clientsThatTakeNothing_loseTheirStreams_andOthersGoOn(int version, boolean complete) throws Exception {
        int app = mesh.backend(exchange -> {
            if (complete) {
                reply(exchange, 200, "hello");
            } else {
                exchange.sendResponseHeaders(200, 64 << 20);
                exchange.getResponseBody().write(new byte[64 << 20]);
                exchange.close();
            }
        });
        int good = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.within(process);
        mesh.serve(
                List.of(http("edge", "UNSPECIFIED", "stream_idle_timeout: \"0s\",", "")), // as in Istio's
                "{match: {prefix: \"/good\"}, route: {cluster: \"good\"}}," + TO_APP,
                cluster("app", "", app),
                cluster("good", "", good));
        process.use(Resource.BUFFERS, 60);
        try (Socket first = connect("edge");
                RawHttp2 second = new RawHttp2(mesh.port())) {
            if (version == 1) {
                first.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            } else {
                second.send(RawHttp2.frame(RawHttp2.SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}));
                second.send(
                        RawHttp2.frame(RawHttp2.HEADERS, RawHttp2.END_HEADERS | RawHttp2.END_STREAM, 1, RawHttp2.GET));
            }
            TestMesh.await("it is given up", () -> mesh.metric("lateen_overload_streams_reset_total") == 1);
            assertThat(mesh.get("/good").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aListenerThatBypassesIt_goesOn() throws Exception {
        Listener bypass = http("bypass", "UNSPECIFIED", "", "").toBuilder()
                .setBypassOverloadManager(true)
                .build();
        serve(http("edge", "UNSPECIFIED", "", ""), bypass);
        use(Resource.BUFFERS, 99, true);
        try (Socket client = connect("bypass")) {
            assertThat(answer(client)).isEqualTo("200");
        }
    }

    @Test
    void whileShortOfMemory_connectionsThatAreNotRead_areReset() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.within(process);
        mesh.serve(TestMesh.listener("edge", "UNSPECIFIED", """
            filter_chains: [{filters: [{name: "tcp", typed_config: {
               "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
               stat_prefix: "tcp", cluster: "app"}}]}]
            """), TO_APP, cluster("app", "", app));
        try (Socket before = connect("edge")) {
            assertThat(answer(before)).isEqualTo("200");
            use(Resource.BUFFERS, 78, true);
            try (Socket late = connect("edge")) {
                assertThatThrownBy(() -> answer(late)).isInstanceOf(IOException.class);
            }
            assertThat(answer(before)).as("one that is there goes on").isEqualTo("200");
        }
        assertThat(mesh.metric("lateen_overload_connections_refused_total{resource=\"buffers\"}"))
                .isEqualTo(1);
    }

    @Test
    void connectionsBeyondTheirNumber_areReset_untilOneIsGone() throws Exception {
        Listener exempt = http("exempt", "UNSPECIFIED", "", "").toBuilder()
                .setIgnoreGlobalConnLimit(true)
                .build();
        serve(http("edge", "UNSPECIFIED", "", ""), exempt);
        Socket[] open = new Socket[CONNECTIONS];
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                open[i] = connect("edge");
                assertThat(answer(open[i])).isEqualTo("200");
            }
            try (Socket beyond = connect("edge")) {
                assertThatThrownBy(() -> answer(beyond)).isInstanceOf(IOException.class);
            }
            assertThat(mesh.metric("lateen_overload_connections_refused_total{resource=\"connections\"}"))
                    .isEqualTo(1);
            assertThat(mesh.metric("lateen_downstream_connections")).isEqualTo(CONNECTIONS);
            try (Socket other = connect("exempt")) {
                assertThat(answer(other)).isEqualTo("200");
            }
            open[0].close();
            TestMesh.await("its end is seen", () -> mesh.metric("lateen_downstream_connections") == CONNECTIONS - 1);
            open[0] = connect("edge");
            assertThat(answer(open[0])).isEqualTo("200");
        } finally {
            for (Socket socket : open) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
    }

    private Socket connect(String listener) throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), mesh.proxy().port(listener));
        socket.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
        return socket;
    }

    /** The status of one request on this connection, whose answer has a short body. */
    private static String answer(Socket socket) throws IOException {
        socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        StringBuilder text = new StringBuilder();
        while (!text.toString().endsWith("hello") && !text.toString().endsWith("overloaded")) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new IOException("the connection ended after \"" + text + "\"");
            }
            text.append((char) next);
        }
        return text.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3);
    }
}
