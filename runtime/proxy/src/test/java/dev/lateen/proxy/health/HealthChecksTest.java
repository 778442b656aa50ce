package dev.lateen.proxy.health;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lateen.proxy.TestMesh;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Hosts that are asked whether they are well get requests only while they say so. */
class HealthChecksTest {
    private static final String PAUSES = "timeout: \"5s\", interval: \"0.05s\", no_traffic_interval: \"0.05s\","
            + " unhealthy_threshold: 2, healthy_threshold: 2,";
    private static final String NO_PANIC = "common_lb_config: {healthy_panic_threshold: {value: 0}},";
    private static final String TO_APP = "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}";

    private final TestMesh mesh = new TestMesh();

    @AfterEach
    void stop() {
        mesh.close();
    }

    private void serve(String check, int... ports) {
        mesh.serve(TO_APP, cluster("app", NO_PANIC + " health_checks: [{" + PAUSES + check + "}],", ports));
    }

    private void awaitStatus(int status) {
        TestMesh.await("the status becomes " + status, () -> status() == status);
    }

    private int status() {
        try {
            return mesh.get("/").statusCode();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Test
    void by_http() throws Exception {
        AtomicInteger well = new AtomicInteger(200);
        List<String> asked = new CopyOnWriteArrayList<>();
        int app = mesh.backend(exchange -> {
            if (exchange.getRequestURI().getPath().equals("/healthz")) {
                asked.add(exchange.getRequestHeaders().getFirst("Host") + " "
                        + exchange.getRequestHeaders().getFirst("X-from"));
                reply(exchange, well.get(), "");
            } else {
                reply(exchange, 200, "app");
            }
        });
        serve(
                "http_health_check: {path: \"/healthz\", request_headers_to_add: [{header: {key: \"x-from\", value: \"edge\"}}]}",
                app);
        awaitStatus(200);
        assertThat(asked.getFirst()).isEqualTo("app edge");
        well.set(500);
        awaitStatus(503);
        well.set(200);
        awaitStatus(200);
    }

    @Test
    void a_host_that_is_not_well_is_left_out() throws Exception {
        int good = mesh.backend(exchange -> reply(exchange, 200, "good"));
        int bad = mesh.backend(
                exchange -> reply(exchange, exchange.getRequestURI().getPath().equals("/healthz") ? 500 : 200, "bad"));
        serve("http_health_check: {path: \"/healthz\"}", good, bad);
        awaitStatus(200);
        for (int i = 0; i < 20; i++) {
            assertThat(mesh.get("/").body()).isEqualTo("good");
        }
    }

    /** Envoy's successful_active_health_check_uneject_host: outlier detection alone would leave it out for a minute. */
    @Test
    void a_host_that_is_ejected_is_in_again_when_it_passes_its_check() throws Exception {
        AtomicInteger status = new AtomicInteger(200);
        int app = mesh.backend(exchange ->
                reply(exchange, exchange.getRequestURI().getPath().equals("/healthz") ? 200 : status.get(), "app"));
        mesh.serve(TO_APP, cluster("app", NO_PANIC + """
                outlier_detection: {consecutive_5xx: 1, max_ejection_percent: 100, base_ejection_time: "60s"},
                health_checks: [{
                """ + PAUSES + "http_health_check: {path: \"/healthz\"}}],", app));
        awaitStatus(200);
        status.set(503);
        TestMesh.await("it is ejected", () -> body().equals("no healthy upstream"));
        status.set(200);
        awaitStatus(200);
    }

    private String body() {
        try {
            return mesh.get("/").body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Test
    void by_grpc() throws Exception {
        AtomicInteger serving = new AtomicInteger(1);
        MethodDescriptor<ByteString, ByteString> method = MethodDescriptor.<ByteString, ByteString>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("grpc.health.v1.Health/Check")
                .setRequestMarshaller(BYTES)
                .setResponseMarshaller(BYTES)
                .build();
        List<ByteString> asked = new CopyOnWriteArrayList<>();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder("grpc.health.v1.Health")
                        .addMethod(method, ServerCalls.asyncUnaryCall((request, answers) -> {
                            asked.add(request);
                            answers.onNext(ByteString.copyFrom(new byte[] {8, (byte) serving.get()}));
                            answers.onCompleted();
                        }))
                        .build())
                .build()
                .start();
        int app = mesh.backend(exchange -> reply(exchange, 200, "app"));
        try {
            mesh.serve(
                    TO_APP,
                    cluster(
                                    "app",
                                    NO_PANIC + " health_checks: [{" + PAUSES
                                            + "grpc_health_check: {service_name: \"s\"}}],",
                                    app)
                            .toBuilder()
                            .setLoadAssignment(withHealthPort(app, server.getPort()))
                            .build());
            awaitStatus(200);
            assertThat(asked.getFirst().toByteArray()).containsExactly(10, 1, 's');
            serving.set(2);
            awaitStatus(503);
        } finally {
            server.shutdownNow();
        }
    }

    private static io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment withHealthPort(
            int port, int healthPort) {
        var assignment = cluster("app", "", port).getLoadAssignment().toBuilder();
        assignment
                .getEndpointsBuilder(0)
                .getLbEndpointsBuilder(0)
                .getEndpointBuilder()
                .getHealthCheckConfigBuilder()
                .setPortValue(healthPort);
        return assignment.build();
    }

    private static final MethodDescriptor.Marshaller<ByteString> BYTES = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(ByteString value) {
            return new ByteArrayInputStream(value.toByteArray());
        }

        @Override
        public ByteString parse(InputStream stream) {
            try {
                return ByteString.readFrom(stream);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };

    @Test
    void by_tcp_with_bytes() throws Exception {
        AtomicInteger well = new AtomicInteger(1);
        try (ServerSocket pinger = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> pong(pinger, well));
            int app = mesh.backend(exchange -> reply(exchange, 200, "app"));
            mesh.serve(
                    TO_APP,
                    cluster(
                                    "app",
                                    NO_PANIC + " health_checks: [{" + PAUSES
                                            + "tcp_health_check: {send: {text: \"50494e47\"}, receive: [{text: \"504f4e47\"}]}}],",
                                    app)
                            .toBuilder()
                            .setLoadAssignment(withHealthPort(app, pinger.getLocalPort()))
                            .build());
            awaitStatus(200);
            well.set(0);
            awaitStatus(503);
        }
    }

    private static void pong(ServerSocket pinger, AtomicInteger well) {
        try {
            while (true) {
                try (Socket socket = pinger.accept()) {
                    byte[] sent = socket.getInputStream().readNBytes(4);
                    if (well.get() == 1 && new String(sent, StandardCharsets.US_ASCII).equals("PING")) {
                        socket.getOutputStream().write("+PONG\n".getBytes(StandardCharsets.US_ASCII));
                    }
                }
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    @Test
    void a_host_that_takes_no_connection_is_not_well() {
        serve("tcp_health_check: {}", 1);
        awaitStatus(503);
        assertThat(status()).isEqualTo(503);
    }
}
