package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.ResourceUpdate;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The control plane on a directory of YAML, asked by a real ADS client. */
class ControlPlaneTest {
    private static final String WEB = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: shop}
            spec:
              clusterIP: 10.96.3.4
              ports: [{name: http, port: 80}]
              selector: {app: web}
            """;
    private static final String EMPTY_RULE = """
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: web, namespace: shop}
            spec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}
            """;

    @TempDir
    private Path directory;

    private static final String V1 = "outbound|80|v1|web.shop.svc.cluster.local";
    private static final String V2 = "outbound|80|v2|web.shop.svc.cluster.local";

    private final BlockingQueue<Set<String>> added = new LinkedBlockingQueue<>();
    private final AtomicReference<String> refused = new AtomicReference<>("");

    @Test
    void what_the_directory_says_reaches_the_proxy_and_a_changed_file_too() throws Exception {
        Files.writeString(directory.resolve("web.yaml"), WEB);
        try (ControlPlane plane = start();
                AdsClient _ = sidecar(plane)) {
            assertThat(next()).contains("outbound|80||web.shop.svc.cluster.local");

            Files.writeString(directory.resolve("rule.yaml"), EMPTY_RULE);
            assertThat(next()).contains("outbound|80|v1|web.shop.svc.cluster.local");

            assertThat(get(plane.httpPort(), "/debug/syncz")).contains("\"proxy\" : \"client.shop\"");
            assertThat(get(plane.httpPort(), "/debug/registryz")).contains("web.shop.svc.cluster.local");
            assertThat(get(plane.httpPort(), "/debug/configz")).contains("DestinationRule");
            assertThat(get(plane.httpPort(), "/debug/config_dump?proxyID=client.shop"))
                    .contains("outbound|80|v1|web.shop.svc.cluster.local", "\"dynamic_active_clusters\"");
            assertThat(get(plane.httpPort(), "/debug/config_dump?proxyID=no.one"))
                    .contains("no proxy \"no.one\" is connected", "client.shop");
            assertThat(get(plane.monitoringPort(), "/metrics"))
                    .contains("pilot_xds_pushes{type=\"cds\"}", "pilot_services 1", "pilot_info{version=\"1.2.3\"} 1");
            assertThat(get(plane.monitoringPort(), "/version")).isEqualTo("1.2.3\n");
        }
    }

    @Test
    void a_bad_file_is_named_with_its_line_and_stops_nothing() throws Exception {
        Files.writeString(directory.resolve("web.yaml"), WEB);
        Files.writeString(directory.resolve("rule.yaml"), EMPTY_RULE.replace("subsets", "subsetz"));
        try (ControlPlane plane = start();
                AdsClient _ = sidecar(plane)) {
            assertThat(next()).contains("outbound|80||web.shop.svc.cluster.local");
            assertThat(get(plane.httpPort(), "/debug/problems")).contains("rule.yaml:4: spec.subsetz");

            Files.writeString(directory.resolve("rule.yaml"), EMPTY_RULE);
            assertThat(next()).contains("outbound|80|v1|web.shop.svc.cluster.local");
            assertThat(get(plane.httpPort(), "/debug/problems").strip()).isEqualTo("[ ]");
        }
    }

    @Test
    void a_proxy_whose_scope_a_change_does_not_touch_gets_nothing() throws Exception {
        String own = "spec: {host: web, exportTo: [\".\"], ";
        Files.writeString(directory.resolve("web.yaml"), WEB);
        BlockingQueue<Set<String>> others = new LinkedBlockingQueue<>();
        try (ControlPlane plane = start();
                AdsClient _ = sidecar(plane);
                AdsClient _ = sidecar(plane, "bank", others)) {
            assertThat(next()).contains("outbound|80||web.shop.svc.cluster.local");
            assertThat(next(others)).contains("outbound|80||web.shop.svc.cluster.local");

            replace("rule.yaml", EMPTY_RULE.replace("spec: {host: web, ", own));
            assertThat(next()).contains(V1);
            // Had the other proxy been sent anything meanwhile, it would have come before this.
            replace("rule.yaml", EMPTY_RULE.replace("name: v1", "name: v2"));
            assertThat(next(others)).contains(V2);
            assertThat(others).isEmpty();
        }
    }

    @Test
    void a_refusal_is_kept_and_shown_until_something_else_is_accepted() throws Exception {
        Files.writeString(directory.resolve("web.yaml"), WEB);
        try (ControlPlane plane = start();
                AdsClient _ = sidecar(plane)) {
            assertThat(next()).contains("outbound|80||web.shop.svc.cluster.local");

            refused.set(V1);
            replace("rule.yaml", EMPTY_RULE);
            assertThat(next()).contains(V1);
            assertThat(page(plane, "/debug/syncz", "\"cluster_rejected\" : \"" + V1 + " is bad\""))
                    .contains("\"cluster_acked\" : \"1\"");
            assertThat(get(plane.httpPort(), "/debug/push_status")).contains("client.shop Cluster", V1 + " is bad");
            assertThat(get(plane.monitoringPort(), "/metrics")).contains("pilot_total_xds_rejects");

            replace("rule.yaml", EMPTY_RULE.replace("name: v1", "name: v2"));
            assertThat(next()).contains(V2);
            // Two answers more: what is new, then what is gone.
            assertThat(page(plane, "/debug/syncz", "\"cluster_acked\" : \"4\"")).doesNotContain("cluster_rejected");
            assertThat(get(plane.httpPort(), "/debug/push_status")).doesNotContain("client.shop");
        }
    }

    /** Puts a file there at once, so that nobody reads half of it. */
    private void replace(String name, String text) throws IOException {
        Path draft = Files.writeString(directory.resolve("." + name), text);
        Files.move(draft, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** A page as soon as it holds the text. */
    private static String page(ControlPlane plane, String path, String text) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        String page = get(plane.httpPort(), path);
        while (!page.contains(text) && System.nanoTime() < until) {
            page = get(plane.httpPort(), path);
        }
        assertThat(page).contains(text);
        return page;
    }

    /** What dashboards ask for is on the page, or docs/metrics.md says why not. */
    @Test
    void the_page_of_metrics_is_as_documented() throws Exception {
        Files.writeString(directory.resolve("web.yaml"), WEB);
        Files.writeString(directory.resolve("rule.yaml"), EMPTY_RULE.replace("subsets", "subsetz"));
        ControlMetrics events = new ControlMetrics("1");
        events.told(true, "VirtualService", "add");
        events.told(false, "Services", "delete");
        events.rejected(ControlMetricsTest.client("1"), ResourceType.CLUSTER, "");
        String page;
        try (ControlPlane plane = start();
                AdsClient _ = sidecar(plane)) {
            next();
            page = get(plane.monitoringPort(), "/metrics") + events.text();
        }
        Map<String, Boolean> documented = documented();
        assertThat(documented).hasSizeGreaterThan(30);
        documented.forEach((metric, here) ->
                assertThat(page.contains("# TYPE " + metric + " ")).as(metric).isEqualTo(here));
        assertThat(page)
                .contains("lateen_config_problems{severity=\"error\"} 1\n", "pilot_total_xds_internal_errors 0\n");
    }

    /** The metrics of the document's table of the control plane, and whether they are there. */
    private static Map<String, Boolean> documented() throws IOException {
        String document = Files.readString(Path.of("../../docs/metrics.md"));
        Map<String, Boolean> metrics = new TreeMap<>();
        document.substring(document.indexOf("## The control plane"))
                .lines()
                .filter(line -> line.startsWith("| `"))
                .forEach(line -> {
                    String[] cells = line.split("\\|");
                    for (String name : cells[1].split(",")) {
                        metrics.put(
                                name.strip().replace("`", ""), cells[2].strip().equals("yes"));
                    }
                });
        return metrics;
    }

    /** 127.0.0.2 is this machine as well, but not the one address that the loopback is called by. */
    @ParameterizedTest(name = "opened: {0}")
    @ValueSource(booleans = {false, true})
    void xdsInTheClearIsForTheLoopbackUnlessItIsOpened(boolean opened) throws Exception {
        ControlOptions options =
                ControlOptions.defaults().withConfigDir(directory).withPorts(0, 0, 0);
        try (ControlPlane plane = ControlPlane.start(opened ? options.withOpenPlaintext() : options, "1.2.3")) {
            plane.ready().get(10, TimeUnit.SECONDS);
            assertThat(isReached("127.0.0.1", plane.xdsPort())).isTrue();
            assertThat(isReached("127.0.0.2", plane.xdsPort())).isEqualTo(opened);
            assertThat(isReached("127.0.0.2", plane.monitoringPort())).isTrue();
        }
    }

    private static boolean isReached(String address, int port) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port), 10_000);
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }

    @Test
    void ready_says_so_once_xds_is_served() throws Exception {
        try (ControlPlane plane = start()) {
            assertThat(status(plane.httpPort(), "/ready")).isEqualTo(200);
            assertThat(status(plane.httpPort(), "/nothing")).isEqualTo(404);
        }
    }

    @Test
    void a_taken_port_and_a_missing_directory_are_named() throws Exception {
        try (ControlPlane plane = start()) {
            assertThatThrownBy(() -> ControlPlane.start(options().withPorts(0, 0, plane.httpPort()), "1.2.3"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot open port " + plane.httpPort() + " for readiness and debugging");
        }
        assertThatThrownBy(() -> ControlPlane.start(options().withConfigDir(directory.resolve("no")), "1.2.3"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no directory");
    }

    private ControlPlane start() throws Exception {
        ControlPlane plane = ControlPlane.start(options(), "1.2.3");
        plane.ready().get(10, TimeUnit.SECONDS);
        return plane;
    }

    private ControlOptions options() {
        return ControlOptions.defaults()
                .withConfigDir(directory)
                .withBind(InetAddress.getLoopbackAddress())
                .withPorts(0, 0, 0)
                .withDebounce(Duration.ofMillis(5), Duration.ofSeconds(1));
    }

    private AdsClient sidecar(ControlPlane plane) {
        return sidecar(plane, "shop", added);
    }

    private AdsClient sidecar(ControlPlane plane, String namespace, BlockingQueue<Set<String>> seen) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), plane.xdsPort());
        AdsClient client = new AdsClient(
                () -> NettyChannelBuilder.forAddress(address).usePlaintext().build(),
                Node.newBuilder()
                        .setId("sidecar~10.244.0.9~client." + namespace + "~" + namespace + ".svc.cluster.local")
                        .build(),
                update -> {
                    Set<String> names = update.changed().stream()
                            .map(ResourceUpdate.Resource::name)
                            .collect(Collectors.toSet());
                    seen.add(names);
                    return names.contains(refused.get()) ? Optional.of(refused.get() + " is bad") : Optional.empty();
                });
        client.subscribe(ResourceType.CLUSTER, Subscription.ALL);
        return client.start();
    }

    private Set<String> next() throws InterruptedException {
        return next(added);
    }

    private static Set<String> next(BlockingQueue<Set<String>> updates) throws InterruptedException {
        Set<String> next = updates.poll(10, TimeUnit.SECONDS);
        return next == null ? Set.of("nothing within 10 s") : next;
    }

    private static String get(int port, String path) throws Exception {
        return ask(port, path).body();
    }

    private static int status(int port, String path) throws Exception {
        return ask(port, path).statusCode();
    }

    private static HttpResponse<String> ask(int port, String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }
}
