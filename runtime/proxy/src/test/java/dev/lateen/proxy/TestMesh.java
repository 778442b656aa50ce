package dev.lateen.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.overload.ProcessResources;
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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A control plane, backends and one proxy on the loopback: configuration by real ADS, requests by real sockets. */
public final class TestMesh implements AutoCloseable {
    /** Ten times what anything here takes. */
    public static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<HttpServer> backends = new ArrayList<>();
    private final Provider provider = new Provider();
    private final int controlPort;
    private XdsServer server;
    private @org.jspecify.annotations.Nullable Proxy proxy;
    private ProcessResources resources = ProcessResources.own();
    private @Nullable Path kept;
    private @Nullable InetSocketAddress captured;
    private Map<String, String> environment = Map.of();
    private Map<String, Message> extensions = Map.of();

    public TestMesh() {
        server = control(0);
        controlPort = server.port();
    }

    private XdsServer control(int port) {
        try {
            return XdsServer.start(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                    provider,
                    XdsMetrics.NONE,
                    Clock.systemUTC());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the proxy may use, in place of what the process may; before it starts. */
    void within(ProcessResources limits) {
        resources = limits;
    }

    /** Has the proxy keep its configuration there; before it starts. */
    void keepIn(Path directory) {
        kept = directory;
    }

    /** The proxy's environment; before it starts. */
    void environment(Map<String, String> variables) {
        environment = variables;
    }

    /** Has the proxy hold connections there until it has its configuration; before it starts. */
    void hold(InetSocketAddress address) {
        captured = address;
    }

    /** Configurations of filters that come by themselves; with what is served next. */
    void extensions(Map<String, Message> byName) {
        extensions = byName;
    }

    /** Ends the proxy, and starts another in its place. */
    void restartProxy() {
        proxy().close();
        proxy = start();
    }

    /** Lines of the proxy's page of metrics that begin with this. */
    List<String> metrics(String beginning) {
        try {
            URI page = URI.create("http://127.0.0.1:" + proxy().adminPort() + "/stats/prometheus");
            return send(HttpRequest.newBuilder(page).build())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(beginning))
                    .toList();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The value of the one line of metrics that begins with this and a blank. */
    long metric(String name) {
        List<String> lines = metrics(name + " ");
        assertThat(lines).as(name).hasSize(1);
        return Long.parseLong(lines.getFirst().substring(lines.getFirst().lastIndexOf(' ') + 1));
    }

    /** Ends the control plane; {@link #restartControlPlane} brings it back on the same port. */
    public void stopControlPlane() {
        server.close();
    }

    /** Where it listens. */
    public int controlPort() {
        return controlPort;
    }

    public void restartControlPlane() {
        server = control(controlPort);
    }

    @Override
    public void close() {
        if (proxy != null) {
            proxy.close();
        }
        server.close();
        backends.forEach(backend -> backend.stop(0));
        client.close();
    }

    /** A backend that answers with this; its port. */
    public int backend(HttpHandler handler) throws IOException {
        HttpServer backend = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        backend.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        backend.createContext("/", handler);
        backend.start();
        backends.add(backend);
        return backend.getAddress().getPort();
    }

    /** Field {@code access_log} of whatever has one, with this file, and a comma. */
    public static String accessLog(Path file, String more) {
        return """
            access_log: [{name: "file", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
              path: "%s"%s}}],
            """.formatted(file, more);
    }

    public static void reply(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().readAllBytes();
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    /** A static cluster of these ports of the loopback; {@code more} is further JSON, ended by a comma. */
    public static Cluster cluster(String name, String more, int... ports) {
        StringBuilder endpoints = new StringBuilder();
        for (int port : ports) {
            endpoints
                    .append(endpoints.isEmpty() ? "" : ",")
                    .append("{endpoint: {address: {socket_address: {address: \"127.0.0.1\", port_value: ")
                    .append(port)
                    .append("}}}}");
        }
        return JsonMessages.read(
                        "{name: \"" + name + "\", type: STATIC, connect_timeout: \"5s\", " + more
                                + " load_assignment: {cluster_name: \"" + name + "\", endpoints: [{lb_endpoints: ["
                                + endpoints + "]}]}}",
                        Cluster.newBuilder())
                .build();
    }

    /** A listener of HTTP on a free port of the loopback, with the route table of its own name. */
    public static Listener http(String name, String direction, String managerFields, String filters) {
        return listener(name, direction, """
            filter_chains: [{filters: [{name: "http", typed_config: {
               "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
               stat_prefix: "%1$s", %2$s
               rds: {route_config_name: "%1$s", config_source: {ads: {}, resource_api_version: "V3"}},
               http_filters: [%3$s {name: "router", typed_config: {
                 "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]}]
            """.formatted(name, managerFields, filters));
    }

    /** A listener on a free port of the loopback. */
    public static Listener listener(String name, String direction, String fields) {
        return JsonMessages.read("""
            {name: "%s", traffic_direction: "%s",
             address: {socket_address: {address: "127.0.0.1", port_value: 0}}, %s}
            """.formatted(name, direction, fields), Listener.newBuilder())
                .build();
    }

    /** Serves these routes on listener {@code edge}, without further filters. */
    public void serve(String routes, Cluster... clusters) {
        serve(http("edge", "UNSPECIFIED", "", ""), routes, clusters);
    }

    /** Serves these routes on this listener. */
    public void serve(Listener listener, String routes, Cluster... clusters) {
        serve(List.of(listener), routes, clusters);
    }

    /** Serves these routes on each of these listeners. */
    public void serve(List<Listener> listeners, String routes, Cluster... clusters) {
        Map<String, Message> named = new LinkedHashMap<>();
        for (Cluster cluster : clusters) {
            named.put(cluster.getName(), cluster);
        }
        Map<String, Message> byName = new LinkedHashMap<>();
        Map<String, Message> tables = new LinkedHashMap<>();
        for (Listener listener : listeners) {
            byName.put(listener.getName(), listener);
            tables.put(
                    listener.getName(),
                    JsonMessages.read(
                                    "{name: \"" + listener.getName()
                                            + "\", virtual_hosts: [{name: \"all\", domains: [\"*\"], routes: [" + routes
                                            + "]}]}",
                                    RouteConfiguration.newBuilder())
                            .build());
        }
        provider.set(Map.of(
                XdsConfiguration.CLUSTERS,
                named,
                XdsConfiguration.LISTENERS,
                byName,
                XdsConfiguration.ROUTES,
                tables,
                XdsConfiguration.EXTENSIONS,
                extensions));
        if (proxy == null) {
            proxy = start();
        }
        await("the configuration came and was accepted", proxy::ready);
    }

    private Proxy start() {
        try {
            return Proxy.start(
                    ProxyOptions.fromEnvironment(
                                    ProxyOptions.Role.ROUTER,
                                    "127.0.0.1:" + controlPort,
                                    Map.of("app", "edge"),
                                    environment)
                            .withFreePorts()
                            .withStateDirectory(kept),
                    resources,
                    captured);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it is so, and fails when it does not become so in time. */
    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000); // what is waited for may need the processor
        }
        assertThat(condition.getAsBoolean()).as(what).isTrue();
    }

    public Proxy proxy() {
        return Objects.requireNonNull(proxy);
    }

    public int port() {
        return proxy().port("edge");
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    public HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(TIMEOUT);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    public HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path))
                .timeout(TIMEOUT)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    public HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Sends these bytes on a connection of their own and reads until it ends; {@code |} stands for a line end. */
    public String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout((int) TIMEOUT.toMillis());
            socket.getOutputStream().write(request.replace("|", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    public HttpClient client() {
        return client;
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
