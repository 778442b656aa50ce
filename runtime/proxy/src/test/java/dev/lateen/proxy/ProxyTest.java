package dev.lateen.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceEncoder;
import dev.lateen.xds.server.ResourceProvider;
import dev.lateen.xds.server.ResourceSet;
import dev.lateen.xds.server.XdsMetrics;
import dev.lateen.xds.server.XdsServer;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A whole proxy on the loopback: configuration by real ADS, requests by real sockets. */
final class ProxyTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<HttpServer> backends = new ArrayList<>();
    private final Provider provider = new Provider();
    private final AtomicInteger calls = new AtomicInteger();
    private final List<String> mirrored = new CopyOnWriteArrayList<>();
    private XdsServer server;
    private @org.jspecify.annotations.Nullable Proxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = XdsServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                provider,
                XdsMetrics.NONE,
                Clock.systemUTC());
    }

    @AfterEach
    void stop() {
        if (proxy != null) {
            proxy.close();
        }
        server.close();
        backends.forEach(backend -> backend.stop(0));
        client.close();
    }

    private int backend(com.sun.net.httpserver.HttpHandler handler) throws IOException {
        HttpServer backend = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        backend.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        backend.createContext("/", handler);
        backend.start();
        backends.add(backend);
        return backend.getAddress().getPort();
    }

    private static void reply(com.sun.net.httpserver.HttpExchange exchange, int status, String text)
            throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().readAllBytes();
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static Cluster cluster(String name, String more, int... ports) throws IOException {
        StringBuilder endpoints = new StringBuilder();
        for (int port : ports) {
            endpoints
                    .append(endpoints.isEmpty() ? "" : ",")
                    .append("{endpoint: {address: {socket_address: {address: \"127.0.0.1\", port_value: ")
                    .append(port)
                    .append("}}}}");
        }
        Cluster.Builder cluster = Cluster.newBuilder();
        merge(
                "{name: \"" + name + "\", type: STATIC, connect_timeout: \"5s\", " + more
                        + " load_assignment: {cluster_name: \"" + name + "\", endpoints: [{lb_endpoints: [" + endpoints
                        + "]}]}}",
                cluster);
        return cluster.build();
    }

    private static void merge(String json, Message.Builder builder) throws IOException {
        JsonFormat.parser()
                .usingTypeRegistry(JsonFormat.TypeRegistry.newBuilder()
                        .add(HttpConnectionManager.getDescriptor())
                        .add(Router.getDescriptor())
                        .build())
                .merge(json, builder);
    }

    private void serve(String routes, Cluster... clusters) throws IOException, InterruptedException {
        Map<String, Message> named = new LinkedHashMap<>();
        for (Cluster cluster : clusters) {
            named.put(cluster.getName(), cluster);
        }
        Listener.Builder listener = Listener.newBuilder();
        merge("""
                {name: "edge", address: {socket_address: {address: "127.0.0.1", port_value: 0}},
                 filter_chains: [{filters: [{name: "http", typed_config: {
                   "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                   stat_prefix: "edge", rds: {route_config_name: "edge", config_source: {ads: {}, resource_api_version: "V3"}},
                   http_filters: [{name: "router", typed_config: {
                     "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]}]}
                """, listener);
        RouteConfiguration.Builder table = RouteConfiguration.newBuilder();
        merge("{name: \"edge\", virtual_hosts: [{name: \"all\", domains: [\"*\"], routes: [" + routes + "]}]}", table);
        provider.set(Map.of(
                XdsConfiguration.CLUSTERS,
                named,
                XdsConfiguration.LISTENERS,
                Map.of("edge", listener.build()),
                XdsConfiguration.ROUTES,
                Map.of("edge", table.build())));
        if (proxy == null) {
            ProxyOptions options = ProxyOptions.fromEnvironment(
                            ProxyOptions.Role.ROUTER, "127.0.0.1:" + server.port(), Map.of("app", "edge"), Map.of())
                    .withFreePorts();
            proxy = Proxy.start(options);
        }
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (!proxy.ready() && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(proxy.ready()).as("the configuration came and was accepted").isTrue();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)).timeout(TIMEOUT).build());
    }

    private URI uri(String path) {
        return URI.create(
                "http://127.0.0.1:" + java.util.Objects.requireNonNull(proxy).port("edge") + path);
    }

    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @CsvSource(delimiter = '|', textBlock = """
                    /ok       | 200 | body of /ok
                    /rewrite  | 200 | body of /elsewhere
                    /direct   | 418 | teapot
                    /nobody   | 503 | no healthy upstream
                    /refused  | 503 | upstream connect error or disconnect/reset before headers. reset reason: remote connection failure
                    /missing  | 503 |
                    /nowhere  | 404 |
                    """)
    void routes(String path, int status, String body) throws Exception {
        int port = backend(exchange -> reply(exchange, 200, "body of " + exchange.getRequestURI()));
        serve("""
                {match: {path: "/ok"}, route: {cluster: "app"}},
                {match: {prefix: "/rewrite"}, route: {cluster: "app", prefix_rewrite: "/elsewhere"}},
                {match: {path: "/direct"}, direct_response: {status: 418, body: {inline_string: "teapot"}}},
                {match: {path: "/nobody"}, route: {cluster: "empty"}},
                {match: {path: "/refused"}, route: {cluster: "refused"}},
                {match: {path: "/missing"}, route: {cluster: "not-there"}}
                """, cluster("app", "", port), cluster("empty", ""), cluster("refused", "", 1));
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).startsWith(body == null ? "" : body);
    }

    @Test
    void retriesUntilAnAnswerCounts() throws Exception {
        int port = backend(exchange -> reply(exchange, calls.incrementAndGet() < 4 ? 503 : 200, "try " + calls));
        serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", retry_policy: {retry_on: \"5xx\", num_retries: 5}}}",
                cluster("app", "", port));
        HttpRequest post = HttpRequest.newBuilder(uri("/"))
                .POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000)))
                .timeout(TIMEOUT)
                .build();
        assertThat(send(post).body()).isEqualTo("try 4");
    }

    @Test
    void aTryThatHangsIsGivenUpForAnother() throws Exception {
        int port = backend(exchange -> {
            if (calls.incrementAndGet() == 1) {
                try {
                    Thread.sleep(TIMEOUT);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            reply(exchange, 200, "try " + calls);
        });
        serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", timeout: \"15s\","
                        + " retry_policy: {retry_on: \"reset\", num_retries: 2, per_try_timeout: \"0.2s\"}}}",
                cluster("app", "", port));
        assertThat(get("/").body()).isEqualTo("try 2");
    }

    @Test
    void aMirrorGetsACopyAndDelaysNothing() throws Exception {
        int main = backend(exchange -> reply(exchange, 200, "main"));
        int slow = backend(exchange -> {
            mirrored.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            calls.incrementAndGet();
            try {
                Thread.sleep(TIMEOUT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", request_mirror_policies: [{cluster: \"shadow\"}]}}",
                cluster("app", "", main),
                cluster("shadow", "", slow));
        for (int i = 0; i < 10; i++) {
            HttpRequest post = HttpRequest.newBuilder(uri("/"))
                    .POST(HttpRequest.BodyPublishers.ofString("body"))
                    .timeout(TIMEOUT)
                    .build();
            assertThat(send(post).body()).isEqualTo("main");
        }
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (calls.get() < 10 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(mirrored).hasSize(10).containsOnly("body");
    }

    @Test
    void whatExceedsTheLimitsIsRefusedAtOnce() throws Exception {
        java.util.concurrent.CountDownLatch release = new java.util.concurrent.CountDownLatch(1);
        java.util.concurrent.CountDownLatch arrived = new java.util.concurrent.CountDownLatch(1);
        int port = backend(exchange -> {
            arrived.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            reply(exchange, 200, "slow");
        });
        serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster(
                        "app",
                        "circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 1}]},",
                        port));
        List<java.util.concurrent.CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(client.sendAsync(
                    HttpRequest.newBuilder(uri("/")).timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString()));
            // The first has its connection before the others come: one waits, the rest find no room.
            arrived.await();
        }
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (all.stream()
                                .filter(java.util.concurrent.CompletableFuture::isDone)
                                .count()
                        < 4
                && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        release.countDown();
        Map<Integer, Integer> statuses = new LinkedHashMap<>();
        for (var future : all) {
            HttpResponse<String> response = future.get();
            statuses.merge(response.statusCode(), 1, Integer::sum);
            if (response.statusCode() == 503) {
                assertThat(response.headers().firstValue("x-envoy-overloaded")).hasValue("true");
            }
        }
        assertThat(statuses).containsEntry(200, 2).containsEntry(503, 4);
    }

    @Test
    void aHostThatFailsIsLeftAlone() throws Exception {
        int bad = backend(exchange -> reply(exchange, 500, "bad"));
        serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster(
                        "app",
                        "outlier_detection: {consecutive_5xx: 2, interval: \"60s\", base_ejection_time: \"60s\","
                                + " max_ejection_percent: 100}, common_lb_config: {healthy_panic_threshold: {value: 0}},",
                        bad));
        assertThat(List.of(get("/").statusCode(), get("/").statusCode(), get("/").statusCode()))
                .containsExactly(500, 500, 503);
    }

    private static final class Provider implements ResourceProvider {
        private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
        private final ResourceEncoder encoder = new ResourceEncoder();
        private volatile ResourceSet current = ResourceSet.EMPTY;
        private long generation;

        void set(Map<String, ? extends Map<String, ? extends Message>> resources) {
            current = encoder.encode(resources, ++generation);
            listeners.forEach(Runnable::run);
        }

        @Override
        public Client connect(Node node, @Nullable PeerIdentity peer, Runnable changed) {
            listeners.add(changed);
            return new Client() {
                @Override
                public ResourceSet current() {
                    return current;
                }

                @Override
                public void close() {
                    listeners.remove(changed);
                }
            };
        }
    }
}
