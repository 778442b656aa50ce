package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spans as a collector of OpenTelemetry gets them (OTLP 1.x), by gRPC with grpc-java on the other side, and by HTTP. */
final class OtlpTest {
    private static final String HTTP2 = """
        typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
          "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
          explicit_http_config: {http2_protocol_options: {}}}},
        """;
    private static final String GRPC = """
        grpc_service: {envoy_grpc: {cluster_name: "otel", authority: "otel.example"}}
        """;
    private static final String HTTP = """
        http_service: {http_uri: {uri: "http://otel.example/v1/traces", cluster: "otel", timeout: "1s"}}
        """;

    private final TestMesh mesh = new TestMesh();
    private final List<ResourceSpans> received = new CopyOnWriteArrayList<>();
    private @Nullable Server server;

    @AfterEach
    void stop() {
        mesh.close();
        if (server != null) {
            server.shutdownNow();
        }
    }

    private record Messages<T extends Message>(Parser<T> parser) implements MethodDescriptor.Marshaller<T> {
        @Override
        public InputStream stream(T value) {
            return value.toByteString().newInput();
        }

        @Override
        public T parse(InputStream stream) {
            try {
                return parser.parseFrom(stream);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** A collector that does this; ten streams at a time. */
    private int collector(String does) throws IOException {
        var export = MethodDescriptor.newBuilder(
                        new Messages<>(ExportTraceServiceRequest.parser()),
                        new Messages<>(ExportTraceServiceResponse.parser()))
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("opentelemetry.proto.collector.trace.v1.TraceService/Export")
                .build();
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder("opentelemetry.proto.collector.trace.v1.TraceService")
                        .addMethod(
                                export, ServerCalls.asyncUnaryCall((request, answers) -> take(does, request, answers)))
                        .build())
                .build()
                .start();
        return server.getPort();
    }

    private void take(
            String does, ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> answers) {
        received.addAll(request.getResourceSpansList());
        var answer = ExportTraceServiceResponse.newBuilder();
        switch (does) {
            case "takes" -> {}
            case "takes all but one" -> answer.getPartialSuccessBuilder().setRejectedSpans(1);
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

    private void serve(String service, String options, int collector) throws IOException {
        int app = mesh.backend(
                exchange -> reply(exchange, exchange.getRequestURI().getPath().equals("/fails") ? 500 : 200, "hello"));
        mesh.serve(
                http("edge", "INBOUND", """
                    tracing: {random_sampling: {value: 100}, provider: {name: "envoy.tracers.opentelemetry",
                      typed_config: {"@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                      service_name: "web.default", %s}}},
                    """.formatted(service), ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app),
                cluster("otel", options, collector));
    }

    private List<Span> spans() {
        return received.stream()
                .flatMap(resource -> resource.getScopeSpansList().stream())
                .flatMap(scope -> scope.getSpansList().stream())
                .toList();
    }

    private static String attribute(List<KeyValue> attributes, String name) {
        return attributes.stream()
                .filter(attribute -> attribute.getKey().equals(name))
                .map(attribute -> attribute.getValue().getStringValue())
                .findFirst()
                .orElse("");
    }

    private long counted(String what) {
        try {
            URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus");
            return mesh.send(HttpRequest.newBuilder(page).build())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("envoy_tracing_opentelemetry_spans_" + what + " "))
                    .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void checkSpan() {
        TestMesh.await("the spans", () -> spans().size() == 2);
        Span span = spans().getFirst();
        assertThat(HexFormat.of().formatHex(span.getTraceId().toByteArray()))
                .isEqualTo("80f198ee56343ba864fe8b2a57d3eff7");
        assertThat(HexFormat.of().formatHex(span.getParentSpanId().toByteArray()))
                .isEqualTo("e457b5a2e4d86bd1");
        assertThat(span.getSpanId().size()).isEqualTo(8);
        assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
        assertThat(span.getEndTimeUnixNano()).isGreaterThan(span.getStartTimeUnixNano());
        assertThat(attribute(span.getAttributesList(), "http.status_code")).isEqualTo("200");
        assertThat(spans().getLast().getStatus().getCode())
                .isEqualTo(io.opentelemetry.proto.trace.v1.Status.StatusCode.STATUS_CODE_ERROR);
        assertThat(received).allSatisfy(resource -> assertThat(
                        attribute(resource.getResource().getAttributesList(), "service.name"))
                .isEqualTo("web.default"));
        TestMesh.await("both are counted", () -> counted("sent") == 2);
        assertThat(counted("failed")).isZero();
    }

    @Test
    void byGrpc() throws Exception {
        serve(GRPC, HTTP2, collector("takes"));
        mesh.get("/a", "b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
        mesh.get("/fails");
        checkSpan();
    }

    @Test
    void byHttp() throws Exception {
        int collector = mesh.backend(exchange -> {
            assertThat(exchange.getRequestURI().getPath()).isEqualTo("/v1/traces");
            assertThat(exchange.getRequestHeaders().getFirst("content-type")).isEqualTo("application/x-protobuf");
            assertThat(exchange.getRequestHeaders().getFirst("host")).isEqualTo("otel.example");
            received.addAll(ExportTraceServiceRequest.parseFrom(exchange.getRequestBody())
                    .getResourceSpansList());
            reply(exchange, 200, "");
        });
        serve(HTTP, "", collector);
        mesh.get("/a", "b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
        mesh.get("/fails");
        checkSpan();
    }

    @Test
    void aCollectorGetsTheFieldsThatItAsksFor() throws Exception {
        List<String> tokens = new CopyOnWriteArrayList<>();
        int collector = mesh.backend(exchange -> {
            tokens.add(String.valueOf(exchange.getRequestHeaders().get("x-token")));
            reply(exchange, 200, "");
        });
        serve(HTTP.replace("http_service: {", """
                http_service: {request_headers_to_add: [{header: {key: "x-token", value: "secret"}}],
                """), "", collector);
        mesh.get("/a");
        TestMesh.await("it is sent", () -> counted("sent") == 1);
        assertThat(tokens).containsExactly("[secret]");
    }

    @ParameterizedTest(name = "a collector that {0}: {1} sent, {2} failed")
    @CsvSource({"takes, 40, 0", "is full, 0, 40", "never answers, 0, 40", "is away, 0, 40"})
    void requestsNoticeNothing_andEverySpanIsCounted(String does, long sent, long failed) throws Exception {
        serve(GRPC, HTTP2, does.equals("is away") ? 1 : collector(does));
        for (int i = 0; i < 40; i++) {
            assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        }
        TestMesh.await(sent + " are sent", () -> counted("sent") == sent);
        TestMesh.await(failed + " failed", () -> counted("failed") == failed);
        assertThat(counted("dropped")).isZero();
    }

    @Test
    void whatTheCollectorRefusesOfABatchIsNotSent() throws Exception {
        serve(GRPC, HTTP2, collector("takes all but one"));
        mesh.get("/");
        TestMesh.await("it is counted", () -> counted("failed") == 1);
        assertThat(counted("sent")).isZero();
    }
}
