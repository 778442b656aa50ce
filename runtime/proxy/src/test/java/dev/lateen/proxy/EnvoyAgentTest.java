package dev.lateen.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.envoy.EnvoyOptions;
import dev.lateen.proxy.net.Transport;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent and its child, which is a script here; the admin interface that an Envoy would have is the test's. */
final class EnvoyAgentTest {
    private static final String RUNS = "trap 'exit 7' TERM\nwhile :; do sleep 0.05; done\n";
    private static final String LIVE = """
            cluster_manager.cds.update_success: 1
            listener_manager.lds.update_success: 1
            listener_manager.workers_started: 1
            server.state: 0
            """;

    @TempDir
    private Path directory;

    private final TestMesh mesh = new TestMesh();
    private final List<String> posted = new CopyOnWriteArrayList<>();
    private volatile String stats = "server.state: 2\n";
    private HttpServer admin;

    @BeforeEach
    void start() throws IOException {
        admin = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        admin.createContext("/", exchange -> {
            if (exchange.getRequestMethod().equals("POST")) {
                posted.add(exchange.getRequestURI().toString());
            }
            TestMesh.reply(
                    exchange,
                    200,
                    exchange.getRequestURI().getPath().equals("/stats/prometheus") ? "envoy_server_live 1\n" : stats);
        });
        admin.start();
    }

    @AfterEach
    void stop() {
        admin.stop(0);
        mesh.close();
    }

    private EnvoyOptions envoy(String script) throws IOException {
        Path program = Files.writeString(
                directory.resolve("envoy"), "#!/bin/sh\necho \"$@\" >" + directory + "/said\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new EnvoyOptions(program, List.of("--mine"), directory.resolve("run"), Duration.ofMillis(50));
    }

    private ProxyOptions options(int statusPort, Map<String, String> environment) {
        ProxyOptions known = ProxyOptions.fromEnvironment(
                ProxyOptions.Role.SIDECAR, "127.0.0.1:" + mesh.controlPort(), Map.of("app", "web"), environment);
        return new ProxyOptions(
                known.role(),
                known.controlPlane(),
                known.nodeId(),
                known.namespace(),
                known.labels(),
                known.metadata(),
                admin.getAddress().getPort(),
                statusPort,
                0,
                0,
                0,
                known.probes(),
                known.appMetrics(),
                1,
                null,
                null);
    }

    private EnvoyAgent start(String script) throws IOException {
        return EnvoyAgent.start(options(0, Map.of()), envoy(script));
    }

    private HttpResponse<String> ask(String method, int port, String path) throws IOException, InterruptedException {
        return mesh.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(TestMesh.TIMEOUT)
                .build());
    }

    @Test
    void whenTheChildEnds_soDoesTheAgent_withItsExitCode() throws Exception {
        EnvoyAgent agent = start("exit 3\n");
        assertThat(agent.awaitExit()).isEqualTo(3);
        assertThat(directory.resolve("run")).isEmptyDirectory();
        assertThat(Files.readString(directory.resolve("said")))
                .contains("--config-path " + directory.resolve("run/envoy.json"))
                .contains("--concurrency 1")
                .endsWith("--mine\n");
    }

    @Test
    void whenItIsToEnd_theChildIsDrainedFirst_andThePodIsNotReady() throws Exception {
        EnvoyAgent agent = start(RUNS);
        stats = LIVE;
        assertThat(ask("GET", agent.statusPort(), "/healthz/ready").body()).isEqualTo("LIVE\n");
        assertThat(agent.terminate()).isEqualTo(7);
        assertThat(posted).containsExactly("/drain_listeners?inboundonly&graceful");
        assertThat(agent.awaitExit()).isEqualTo(7);
    }

    @Test
    void drainingIsNotReady_andQuittingEnds() throws Exception {
        EnvoyAgent agent = start(RUNS);
        stats = LIVE;
        assertThat(ask("POST", agent.agentPort(), "/drain").statusCode()).isEqualTo(200);
        assertThat(ask("GET", agent.statusPort(), "/healthz/ready").body()).isEqualTo("DRAINING\n");
        assertThat(ask("GET", agent.agentPort(), "/quitquitquit").statusCode()).isEqualTo(405);
        assertThat(ask("POST", agent.agentPort(), "/quitquitquit").statusCode()).isEqualTo(200);
        assertThat(agent.awaitExit()).isEqualTo(7);
    }

    @Test
    void readinessIsEnvoys() throws Exception {
        EnvoyAgent agent = start(RUNS);
        HttpResponse<String> before = ask("GET", agent.statusPort(), "/healthz/ready");
        assertThat(before.statusCode()).isEqualTo(503);
        assertThat(before.body()).isEqualTo("INITIALIZING\nEnvoy is not live: server.state: 2\n");
        stats = LIVE;
        assertThat(ask("GET", agent.agentPort(), "/healthz/ready").statusCode()).isEqualTo(200);
        admin.stop(0);
        assertThat(ask("GET", agent.statusPort(), "/healthz/ready").body()).contains("does not answer");
        agent.terminate();
    }

    @Test
    void thePageOfMetricsIsEnvoysAndTheApps() throws Exception {
        int app = mesh.backend(exchange -> TestMesh.reply(exchange, 200, "app_total 5\n"));
        EnvoyAgent agent = EnvoyAgent.start(
                options(
                        0,
                        Map.of(
                                "ISTIO_PROMETHEUS_ANNOTATIONS",
                                "{\"scrape\":\"true\",\"path\":\"/metrics\",\"port\":\"" + app + "\"}",
                                "ISTIO_KUBE_APP_PROBERS",
                                "{\"/app-health/web/livez\":{\"httpGet\":{\"path\":\"/live\",\"port\":" + app + "}}}")),
                envoy(RUNS));
        assertThat(ask("GET", agent.agentPort(), "/stats/prometheus").body())
                .contains("envoy_server_live 1\n", "app_total 5\n");
        assertThat(ask("GET", agent.agentPort(), "/app-health/web/livez").statusCode())
                .isEqualTo(200);
        agent.terminate();
    }

    @Test
    void aPortThatIsTaken_isNamed_andNoChildStays() throws Exception {
        assertThatThrownBy(() -> EnvoyAgent.start(
                        options(admin.getAddress().getPort(), Map.of()),
                        envoy("echo $$ >" + directory + "/pid\n" + RUNS)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("port " + admin.getAddress().getPort());
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void envoysStreamOfConfiguration_isTheControlPlanes() throws Exception {
        mesh.serve("{match: {prefix: \"/\"}, route: {cluster: \"app\"}}", TestMesh.cluster("app", "", 1));
        EnvoyAgent agent = start(RUNS);
        EventLoopGroup loops = Transport.EPOLL.newGroup(1, "test");
        ManagedChannel channel = NettyChannelBuilder.forAddress(new DomainSocketAddress(
                        directory.resolve("run/agent.sock").toFile()))
                .eventLoopGroup(loops)
                .channelFactory(EpollDomainSocketChannel::new)
                .usePlaintext()
                .build();
        try {
            BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
            StreamObserver<DeltaDiscoveryRequest> requests =
                    AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(listener(heard));
            String type = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
            requests.onNext(DeltaDiscoveryRequest.newBuilder()
                    .setNode(Node.newBuilder().setId("sidecar~10.0.0.1~web-0.shop~shop.svc.cluster.local"))
                    .setTypeUrl(type)
                    .build());
            DeltaDiscoveryResponse first = (DeltaDiscoveryResponse) next(heard);
            assertThat(first.getTypeUrl()).isEqualTo(type);
            assertThat(first.getResourcesList())
                    .extracting(resource -> resource.getName())
                    .contains("app");
            mesh.stopControlPlane();
            assertThat(next(heard)).isInstanceOf(Throwable.class);
        } finally {
            channel.shutdownNow();
            Transport.shutdown(loops);
            agent.terminate();
        }
    }

    private static Object next(BlockingQueue<Object> heard) throws InterruptedException {
        Object next = heard.poll(TestMesh.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private static StreamObserver<DeltaDiscoveryResponse> listener(BlockingQueue<Object> heard) {
        return new StreamObserver<>() {
            @Override
            public void onNext(DeltaDiscoveryResponse response) {
                heard.add(response);
            }

            @Override
            public void onError(Throwable failure) {
                heard.add(failure);
            }

            @Override
            public void onCompleted() {
                heard.add("completed");
            }
        };
    }
}
