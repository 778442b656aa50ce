package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Access logs as a collector of OpenTelemetry gets them (OTLP 1.x, LogsService), with grpc-java on the other side. */
final class OtlpLogTest {
    private static final String HTTP2 = """
        typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
          "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
          explicit_http_config: {http2_protocol_options: {}}}},
        """;

    private final TestMesh mesh = new TestMesh();
    private final List<ResourceLogs> received = new CopyOnWriteArrayList<>();
    private @Nullable Server server;

    @AfterEach
    void stop() {
        mesh.close();
        if (server != null) {
            server.shutdownNow();
        }
    }

    /** A collector that does this. */
    private int collector(String does) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new LogsServiceGrpc.LogsServiceImplBase() {
                    @Override
                    public void export(
                            ExportLogsServiceRequest request, StreamObserver<ExportLogsServiceResponse> answers) {
                        received.addAll(request.getResourceLogsList());
                        take(does, answers);
                    }
                })
                .build()
                .start();
        return server.getPort();
    }

    private static void take(String does, StreamObserver<ExportLogsServiceResponse> answers) {
        var answer = ExportLogsServiceResponse.newBuilder();
        switch (does) {
            case "takes" -> {}
            case "takes all but one" -> answer.getPartialSuccessBuilder().setRejectedLogRecords(1);
            case "is full" -> {
                answers.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException());
                return;
            }
            case "never answers" -> {
                return;
            }
            default -> throw new IllegalArgumentException(does);
        }
        answers.onNext(answer.build());
        answers.onCompleted();
    }

    private static String log(String more) {
        return """
            access_log: [{name: "otel", %s typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
              common_config: {log_name: "calls", transport_api_version: "V3",
                grpc_service: {envoy_grpc: {cluster_name: "otel", authority: "otel.example"}, timeout: "1s"}},
              body: {string_value: "%%REQ(:METHOD)%% %%REQ(:PATH)%% %%RESPONSE_CODE%% %%REQ(X-NOBODY)%%"},
              attributes: {values: [
                {key: "flags", value: {string_value: "%%RESPONSE_FLAGS%%"}},
                {key: "sent", value: {string_value: "%%BYTES_RECEIVED%% of \u00fc"}},
                {key: "parts", value: {kvlist_value: {values: [{key: "a", value: {string_value: "%%PROTOCOL%%"}}]}}},
                {key: "list", value: {array_value: {values: [{string_value: "b"}]}}}]}}}],
            """.formatted(more);
    }

    private void serve(String log, int collector) throws IOException {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(
                http("edge", "INBOUND", """
                    tracing: {random_sampling: {value: 0}},
                    """ + log, ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app),
                cluster("otel", HTTP2, collector));
    }

    private List<LogRecord> entries() {
        return received.stream()
                .flatMap(resource -> resource.getScopeLogsList().stream())
                .flatMap(scope -> scope.getLogRecordsList().stream())
                .toList();
    }

    private static Map<String, String> texts(List<KeyValue> attributes) {
        Map<String, String> texts = new TreeMap<>();
        attributes.forEach(attribute -> texts.put(attribute.getKey(), text(attribute.getValue())));
        return texts;
    }

    private static String text(AnyValue value) {
        return switch (value.getValueCase()) {
            case STRING_VALUE -> value.getStringValue();
            case KVLIST_VALUE -> texts(value.getKvlistValue().getValuesList()).toString();
            case ARRAY_VALUE ->
                value.getArrayValue().getValuesList().stream()
                        .map(OtlpLogTest::text)
                        .toList()
                        .toString();
            default -> "?";
        };
    }

    private long counted(String what) {
        try {
            URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus");
            return mesh.send(HttpRequest.newBuilder(page).build())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("envoy_access_logs_open_telemetry_access_log_logs_" + what + " "))
                    .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anEntryForEachRequest() throws Exception {
        serve(log(""), collector("takes"));
        Instant before = Instant.now();
        mesh.get("/a%C3%BC", "b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0");
        TestMesh.await("the entry", () -> entries().size() == 1);
        LogRecord entry = entries().getFirst();
        assertThat(entry.getBody().getStringValue()).isEqualTo("GET /a%C3%BC 200 -");
        assertThat(texts(entry.getAttributesList()))
                .hasToString("{flags=-, list=[b], parts={a=HTTP/1.1}, sent=0 of \u00fc}");
        assertThat(HexFormat.of().formatHex(entry.getTraceId().toByteArray()))
                .isEqualTo("80f198ee56343ba864fe8b2a57d3eff7");
        assertThat(entry.getSpanId().size()).isEqualTo(8);
        Instant started = Instant.ofEpochSecond(0, entry.getTimeUnixNano());
        assertThat(started).isBetween(before.minusSeconds(1), Instant.now().plusSeconds(1));
        assertThat(texts(received.getFirst().getResource().getAttributesList()))
                .containsEntry("log_name", "calls")
                .containsEntry("cluster_name", "edge.default")
                .containsKeys("node_name", "zone_name");
        TestMesh.await("it is counted", () -> counted("written") == 1);
        assertThat(counted("dropped")).isZero();
    }

    @Test
    void whatTheResourceSays() throws Exception {
        String told = log("").replace(
                        "body:",
                        "disable_builtin_labels: true, resource_attributes: {values: [{key: \"team\", value:"
                                + " {string_value: \"a\"}}]}, body:");
        serve(told, collector("takes"));
        mesh.get("/");
        TestMesh.await("the entry", () -> entries().size() == 1);
        assertThat(texts(received.getFirst().getResource().getAttributesList())).hasToString("{team=a}");
    }

    @Test
    void onlyWhatTheFilterTakes() throws Exception {
        serve(
                log("filter: {header_filter: {header: {name: \":path\", string_match: {exact: \"/b\"}}}},"),
                collector("takes"));
        mesh.get("/a");
        mesh.get("/b");
        TestMesh.await("the entry", () -> !entries().isEmpty());
        assertThat(entries())
                .extracting(entry -> entry.getBody().getStringValue())
                .containsExactly("GET /b 200 -");
    }

    @Test
    void anEntryForEachConnectionThatIsOnlyPassedOn() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        Listener tcp = listener("edge", "INBOUND", """
            filter_chains: [{filters: [{name: "tcp", typed_config: {
               "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
               stat_prefix: "edge", %s cluster: "app"}}]}]
            """.formatted(log("")));
        mesh.serve(tcp, "", cluster("app", "", app), cluster("otel", HTTP2, collector("takes")));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .endsWith("hello");
        }
        TestMesh.await("the entry", () -> entries().size() == 1);
        assertThat(entries().getFirst().getBody().getStringValue()).isEqualTo("- - 0 -");
        assertThat(entries().getFirst().getTraceId().size()).isZero();
    }

    @ParameterizedTest(name = "a collector that {0}: {1} written, {2} dropped")
    @CsvSource({"takes, 40, 0", "is full, 0, 40", "never answers, 0, 40", "is away, 0, 40"})
    void requestsNoticeNothing_andEveryEntryIsCounted(String does, long written, long dropped) throws Exception {
        serve(log(""), does.equals("is away") ? 1 : collector(does));
        for (int i = 0; i < 40; i++) {
            assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        }
        TestMesh.await(written + " are written", () -> counted("written") == written);
        TestMesh.await(dropped + " are dropped", () -> counted("dropped") == dropped);
    }

    @Test
    void whatTheCollectorRefusesOfABatchIsNotWritten() throws Exception {
        serve(log(""), collector("takes all but one"));
        mesh.get("/");
        TestMesh.await("it is counted", () -> counted("dropped") == 1);
        assertThat(counted("written")).isZero();
    }
}
