package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The four kinds of gRPC calls through a proxy, both ends grpc-java. */
final class GrpcTest {
    private static final MethodDescriptor.Marshaller<String> TEXT = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };
    private static final MethodDescriptor<String, String> UNARY = method("unary", MethodDescriptor.MethodType.UNARY);
    private static final MethodDescriptor<String, String> DOWN =
            method("down", MethodDescriptor.MethodType.SERVER_STREAMING);
    private static final MethodDescriptor<String, String> UP =
            method("up", MethodDescriptor.MethodType.CLIENT_STREAMING);
    private static final MethodDescriptor<String, String> BOTH =
            method("both", MethodDescriptor.MethodType.BIDI_STREAMING);

    private final TestMesh mesh = new TestMesh();
    private Server server;
    private ManagedChannel channel;

    @SuppressWarnings("NullAway.Init") // set before each test
    GrpcTest() {}

    private static MethodDescriptor<String, String> method(String name, MethodDescriptor.MethodType type) {
        return MethodDescriptor.newBuilder(TEXT, TEXT)
                .setType(type)
                .setFullMethodName("test.Echo/" + name)
                .build();
    }

    @BeforeEach
    void start() throws Exception {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder("test.Echo")
                        .addMethod(UNARY, ServerCalls.asyncUnaryCall(GrpcTest::unary))
                        .addMethod(DOWN, ServerCalls.asyncServerStreamingCall(GrpcTest::down))
                        .addMethod(UP, ServerCalls.asyncClientStreamingCall(GrpcTest::up))
                        .addMethod(BOTH, ServerCalls.asyncBidiStreamingCall(GrpcTest::both))
                        .build())
                .maxInboundMessageSize(32 << 20)
                .build()
                .start();
        mesh.serve(
                http("edge", "UNSPECIFIED", "", ""), """
                {match: {prefix: "/test.Echo/"}, route: {cluster: "app", timeout: "0s"}},
                {match: {prefix: "/test.Nobody/"}, route: {cluster: "nobody"}}
                """, cluster("app", """
                    typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                      explicit_http_config: {http2_protocol_options: {}}}},
                    """, server.getPort()), cluster("nobody", ""));
        channel = NettyChannelBuilder.forAddress(
                        InetAddress.getLoopbackAddress().getHostAddress(), mesh.port())
                .usePlaintext()
                .maxInboundMessageSize(32 << 20)
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
        mesh.close();
    }

    private static void unary(String request, StreamObserver<String> answers) {
        if (request.startsWith("fail ")) {
            Metadata trailers = new Metadata();
            trailers.put(Metadata.Key.of("reason", Metadata.ASCII_STRING_MARSHALLER), "asked for");
            answers.onError(Status.fromCodeValue(Integer.parseInt(request.substring(5)))
                    .withDescription("as asked: \u00e9%")
                    .asRuntimeException(trailers));
        } else if (!request.equals("hang")) {
            answers.onNext(request);
            answers.onCompleted();
        }
    }

    private static void down(String request, StreamObserver<String> answers) {
        for (int i = 0; i < Integer.parseInt(request); i++) {
            answers.onNext("answer " + i);
        }
        answers.onCompleted();
    }

    private static StreamObserver<String> up(StreamObserver<String> answers) {
        List<String> all = new ArrayList<>();
        return new Observer(all::add, () -> {
            answers.onNext(all.size() + " messages");
            answers.onCompleted();
        });
    }

    private static StreamObserver<String> both(StreamObserver<String> answers) {
        return new Observer(answers::onNext, answers::onCompleted);
    }

    private record Observer(java.util.function.Consumer<String> next, Runnable completed)
            implements StreamObserver<String> {
        @Override
        public void onNext(String value) {
            next.accept(value);
        }

        @Override
        public void onError(Throwable failure) {
            next.accept("failed: " + Status.fromThrowable(failure).getCode());
        }

        @Override
        public void onCompleted() {
            completed.run();
        }
    }

    private static CallOptions options() {
        return CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "16000", "5000000"})
    void unary(int size) {
        String message = "x".repeat(size);
        assertThat(ClientCalls.blockingUnaryCall(channel, UNARY, options(), message))
                .isEqualTo(message);
    }

    @Test
    void manyCalls_shareOneConnection() throws Exception {
        List<java.util.concurrent.Future<String>> answers = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            answers.add(ClientCalls.futureUnaryCall(channel.newCall(UNARY, options()), "call " + i));
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(answers.get(i).get()).isEqualTo("call " + i);
        }
        String clusters = mesh.send(java.net.http.HttpRequest.newBuilder(java.net.URI.create(
                                "http://127.0.0.1:" + mesh.proxy().adminPort() + "/clusters"))
                        .build())
                .body();
        // More streams than the app takes at a time may have wanted a second.
        assertThat(clusters).containsPattern("app::127\\.0\\.0\\.1:\\d+::cx_total::[1-9]\n");
    }

    /** Istio's counts of messages: of both sides, and of calls that fail as far as they came. */
    @Test
    void messagesAreCounted() {
        ClientCalls.blockingUnaryCall(channel, UNARY, options(), "x".repeat(100_000));
        ClientCalls.blockingServerStreamingCall(channel, DOWN, options(), "70").forEachRemaining(_ -> {});
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, UNARY, options(), "fail 9"))
                .isInstanceOf(StatusRuntimeException.class);
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(
                        channel,
                        UNARY.toBuilder().setFullMethodName("test.Nobody/unary").build(),
                        options(),
                        "x"))
                .isInstanceOf(StatusRuntimeException.class);
        TestMesh.await("all calls are counted", () -> told("istio_requests_total") == 4);
        assertThat(told("istio_request_messages_total")).isBetween(3L, 4L); // the last one's may not have come
        assertThat(told("istio_response_messages_total")).isEqualTo(71);
    }

    private long told(String metric) {
        try {
            return mesh.send(java.net.http.HttpRequest.newBuilder(java.net.URI.create(
                                    "http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus"))
                            .build())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(metric + "{") && line.contains("request_protocol=\"grpc\""))
                    .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void serverStreaming() {
        Iterator<String> answers = ClientCalls.blockingServerStreamingCall(channel, DOWN, options(), "1000");
        List<String> all = new ArrayList<>();
        answers.forEachRemaining(all::add);
        assertThat(all).hasSize(1000).endsWith("answer 999");
    }

    @Test
    void clientStreaming() throws Exception {
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        StreamObserver<String> requests = ClientCalls.asyncClientStreamingCall(
                channel.newCall(UP, options()), new Observer(answers::add, () -> answers.add("end")));
        for (int i = 0; i < 1000; i++) {
            requests.onNext("message " + i);
        }
        requests.onCompleted();
        assertThat(answers.poll(20, TimeUnit.SECONDS)).isEqualTo("1000 messages");
        assertThat(answers.poll(20, TimeUnit.SECONDS)).isEqualTo("end");
    }

    @Test
    void bothStream_messageByMessage() throws Exception {
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        StreamObserver<String> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(BOTH, options()), new Observer(answers::add, () -> answers.add("end")));
        for (int i = 0; i < 100; i++) {
            requests.onNext("message " + i);
            assertThat(answers.poll(20, TimeUnit.SECONDS)).isEqualTo("message " + i);
        }
        requests.onCompleted();
        assertThat(answers.poll(20, TimeUnit.SECONDS)).isEqualTo("end");
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"})
    void theAppsFailures_reachTheCallerWhole(int code) {
        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                        StatusRuntimeException.class,
                        () -> ClientCalls.blockingUnaryCall(channel, UNARY, options(), "fail " + code)))
                .satisfies(failure -> {
                    assertThat(failure.getStatus().getCode().value()).isEqualTo(code);
                    assertThat(failure.getStatus().getDescription()).isEqualTo("as asked: \u00e9%");
                    Metadata trailers = failure.getTrailers();
                    assertThat(trailers).isNotNull();
                    assertThat(trailers.get(Metadata.Key.of("reason", Metadata.ASCII_STRING_MARSHALLER)))
                            .isEqualTo("asked for");
                });
    }

    @Test
    void whatTheProxyAnswers_isAStatus() {
        MethodDescriptor<String, String> nobody = MethodDescriptor.newBuilder(TEXT, TEXT)
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("test.Nobody/unary")
                .build();
        StatusRuntimeException failure = org.assertj.core.api.Assertions.catchThrowableOfType(
                StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(channel, nobody, options(), "x"));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.getStatus().getDescription()).isEqualTo("no healthy upstream");
    }

    @Test
    void aDeadline_endsTheCall_andTheConnectionServesOn() {
        StatusRuntimeException failure = org.assertj.core.api.Assertions.catchThrowableOfType(
                StatusRuntimeException.class,
                () -> ClientCalls.blockingUnaryCall(
                        channel, UNARY, CallOptions.DEFAULT.withDeadlineAfter(200, TimeUnit.MILLISECONDS), "hang"));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(ClientCalls.blockingUnaryCall(channel, UNARY, options(), "again"))
                .isEqualTo("again");
    }

    /** Istio's label {@code grpc_response_status}; the status stands in the trailers, or in the head of an answer without content. */
    @Test
    void everyCallIsCountedUnderItsStatus() throws Exception {
        for (int i = 0; i < 3; i++) {
            ClientCalls.blockingUnaryCall(channel, UNARY, options(), "well");
        }
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, UNARY, options(), "fail 7"))
                    .isInstanceOf(StatusRuntimeException.class);
        }
        TestMesh.await("all are counted", () -> counted("0") == 3 && counted("7") == 2);
    }

    private long counted(String status) {
        try {
            return mesh.send(java.net.http.HttpRequest.newBuilder(java.net.URI.create(
                                    "http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus"))
                            .build())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("istio_requests_total{")
                            && line.contains("request_protocol=\"grpc\"")
                            && line.contains("response_code=\"200\"")
                            && line.contains("grpc_response_status=\"" + status + "\""))
                    .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
