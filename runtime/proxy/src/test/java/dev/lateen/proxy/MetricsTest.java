package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Istio's standard metrics (Istio documentation, "Istio Standard Metrics"): each counter equals what was sent. */
final class MetricsTest {
    private static final String OF_THE_MESH = """
        metadata: {filter_metadata: {istio: {services: [{host: "web.default.svc.cluster.local", name: "web",
          namespace: "default"}]}}},
        """;

    private final TestMesh mesh = new TestMesh();

    @AfterEach
    void stop() {
        mesh.close();
    }

    private List<String> page() {
        try {
            URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus");
            return mesh.send(HttpRequest.newBuilder(page).build())
                    .body()
                    .lines()
                    .toList();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The sum of a metric's lines that have all of these labels. */
    private long sum(String metric, String... labels) {
        long sum = 0;
        for (String line : page()) {
            boolean counts = line.startsWith(metric + "{");
            for (String label : labels) {
                counts &= line.contains(label);
            }
            sum += counts ? Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)) : 0;
        }
        return sum;
    }

    private void awaitSum(long expected, String metric, String... labels) {
        TestMesh.await(metric + String.join(" ", labels) + " is " + expected, () -> sum(metric, labels) == expected);
        assertThat(sum(metric)).as("all of " + metric).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {1} sent, {2} counted as {4} {5}, {3} reached the app")
    @CsvSource(delimiter = '|', textBlock = """
        /ok       | 7 | 7 | 7  | 200 | -
        /fails    | 3 | 3 | 3  | 500 | -
        /retried  | 2 | 2 | 6  | 503 | URX
        /mirrored | 4 | 4 | 8  | 200 | -
        /faulty   | 5 | 5 | 0  | 418 | FI
        /refused  | 3 | 3 | 0  | 503 | UF
        /no/route | 2 | 2 | 0  | 404 | NR
        /nowhere  | 2 | 2 | 0  | 503 | NC
        """)
    void everyRequestCountsOnce(String path, int sent, int counted, int reached, int status, String flags)
            throws Exception {
        var seen = new ConcurrentLinkedQueue<String>();
        int app = mesh.backend(exchange -> {
            seen.add(exchange.getRequestURI().getPath());
            String asked = exchange.getRequestURI().getPath();
            switch (asked) {
                case "/fails" -> reply(exchange, 500, "hello");
                case "/retried" -> reply(exchange, 503, "hello");
                case "/missing" -> reply(exchange, 404, "hello");
                case "/resets" -> exchange.close();
                case "/hangs" -> {}
                default -> reply(exchange, 200, "hello");
            }
        });
        mesh.serve(
                http("edge", "OUTBOUND", "", """
                    {name: "fault", typed_config: {
                      "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"}},
                    """),
                """
                {match: {path: "/retried"}, route: {cluster: "app", retry_policy: {retry_on: "5xx", num_retries: 2,
                  retry_back_off: {base_interval: "0.001s"}}}},
                {match: {path: "/mirrored"}, route: {cluster: "app", request_mirror_policies: [{cluster: "app"}]}},
                {match: {path: "/faulty"}, route: {cluster: "app"}, typed_per_filter_config: {fault: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                  abort: {http_status: 418, percentage: {numerator: 100}}}}},
                {match: {path: "/delayed"}, route: {cluster: "app"}, typed_per_filter_config: {fault: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                  delay: {fixed_delay: "0.01s", percentage: {numerator: 100}}}}},
                {match: {path: "/hangs"}, route: {cluster: "app", timeout: "0.05s"}},
                {match: {path: "/resets"}, route: {cluster: "app"}},
                {match: {path: "/missing"}, route: {cluster: "app"}},
                {match: {path: "/refused"}, route: {cluster: "refused"}},
                {match: {path: "/nowhere"}, route: {cluster: "missing"}},
                {match: {path: "/ok"}, route: {cluster: "app"}},
                {match: {path: "/fails"}, route: {cluster: "app"}}
                """,
                cluster("app", OF_THE_MESH, app),
                cluster("refused", OF_THE_MESH, 1));
        for (int i = 0; i < sent; i++) {
            mesh.get(path);
        }
        awaitSum(
                counted,
                "istio_requests_total",
                "reporter=\"source\"",
                "response_code=\"" + status + "\"",
                "response_flags=\"" + flags + "\"",
                "request_protocol=\"http\"");
        awaitSum(counted, "istio_request_duration_milliseconds_count");
        TestMesh.await(reached + " reached the app", () -> seen.size() == reached);
        awaitSum(counted, "istio_request_bytes_count");
        awaitSum(counted, "istio_response_bytes_count");
        // Envoy's upstream_rq_total counts what was sent, retries and mirrored requests too.
        assertThat(sum("envoy_cluster_upstream_rq_total", "cluster_name=\"app\""))
                .isEqualTo(reached);
        assertThat(sum("envoy_cluster_upstream_rq_timeout")).isEqualTo(flags.equals("UT") ? counted : 0);
        assertThat(sum("envoy_cluster_upstream_cx_connect_fail", "cluster_name=\"refused\""))
                .isEqualTo(flags.equals("UF") ? counted : 0);
        // What the cluster's clients were told, and its mirror: of what never came to a cluster nothing.
        int told =
                switch (path) {
                    case "/faulty", "/no/route", "/nowhere" -> 0;
                    case "/mirrored" -> 2 * counted;
                    default -> counted;
                };
        String group = "response_code_class=\"" + status / 100 + "xx\"";
        awaitSum(told, "envoy_cluster_upstream_rq", group);
        TestMesh.await("no request is left", () -> sum("envoy_cluster_upstream_rq_active") == 0);
    }

    @Test
    void aPeerThatTellsWhoItIs_isCountedAndAnswered_andTheAppSeesNothingOfIt() throws Exception {
        var seen = new ConcurrentLinkedQueue<String>();
        int app = mesh.backend(exchange -> {
            exchange.getRequestHeaders().keySet().forEach(name -> seen.add(name.toLowerCase(Locale.ROOT)));
            reply(exchange, 200, "hello");
        });
        mesh.serve(
                http("edge", "INBOUND", "", ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", OF_THE_MESH, app));
        // A google.protobuf.Struct of one field: map entry, key WORKLOAD_NAME, string value client (protobuf encoding).
        String client = Base64.getEncoder()
                .encodeToString("\n\31\n\rWORKLOAD_NAME\22\b\32\6client".getBytes(StandardCharsets.ISO_8859_1));
        var told = mesh.get("/", "x-envoy-peer-metadata", client, "x-envoy-peer-metadata-id", "sidecar~1~client~x");
        assertThat(told.headers().firstValue("x-envoy-peer-metadata")).isPresent();
        var silent = mesh.get("/");
        assertThat(silent.headers().firstValue("x-envoy-peer-metadata")).isEmpty();
        assertThat(seen).noneMatch(name -> name.startsWith("x-envoy-peer"));
        TestMesh.await("both are counted", () -> sum("istio_requests_total") == 2);
        assertThat(sum("istio_requests_total", "reporter=\"destination\"", "source_workload=\"client\""))
                .isEqualTo(1);
        assertThat(sum("istio_requests_total", "source_workload=\"unknown\"", "connection_security_policy=\"none\""))
                .isEqualTo(1);
        assertThat(sum("istio_requests_total", "destination_service=\"web.default.svc.cluster.local\""))
                .isEqualTo(2);
    }

    @Test
    void whoCalls_isToldToTheMeshAlone_andWhoAnswers_isCounted() throws Exception {
        // The same with workload web-v1.
        String web = Base64.getEncoder()
                .encodeToString("\n\31\n\rWORKLOAD_NAME\22\b\32\6web-v1".getBytes(StandardCharsets.ISO_8859_1));
        var seen = new ConcurrentLinkedQueue<String>();
        int app = mesh.backend(exchange -> {
            boolean asked = exchange.getRequestHeaders().containsKey("x-envoy-peer-metadata");
            seen.add(exchange.getRequestURI().getPath() + asked);
            exchange.getResponseHeaders().set("x-envoy-peer-metadata", web);
            reply(exchange, 200, "hello");
        });
        mesh.serve(
                http("edge", "OUTBOUND", "", ""),
                "{match: {path: \"/mesh\"}, route: {cluster: \"app\"}}, {match: {path: \"/out\"}, route: {cluster:"
                        + " \"out\"}}",
                cluster("app", OF_THE_MESH, app),
                cluster("out", OF_THE_MESH.replace("services", "external: true, services"), app));
        assertThat(mesh.get("/mesh").headers().firstValue("x-envoy-peer-metadata"))
                .isEmpty();
        mesh.get("/out");
        assertThat(seen).containsExactly("/meshtrue", "/outfalse");
        TestMesh.await("both are counted", () -> sum("istio_requests_total") == 2);
        assertThat(sum("istio_requests_total", "reporter=\"source\"", "destination_workload=\"web-v1\""))
                .isEqualTo(2);
    }

    @Test
    void connections_countBytesOfBothDirections() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(listener("edge", "OUTBOUND", """
            filter_chains: [{filters: [{name: "tcp", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "tcp", cluster: "app"}}]}]
            """), "", cluster("app", OF_THE_MESH, app));
        String request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        int answered;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            socket.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            answered = socket.getInputStream().readAllBytes().length;
        }
        awaitSum(1, "istio_tcp_connections_closed_total", "request_protocol=\"tcp\"");
        awaitSum(1, "istio_tcp_connections_opened_total");
        awaitSum(request.length(), "istio_tcp_received_bytes_total", "destination_service_name=\"web\"");
        awaitSum(answered, "istio_tcp_sent_bytes_total");
        awaitSum(request.length(), "envoy_cluster_upstream_cx_tx_bytes_total", "cluster_name=\"app\"");
        awaitSum(answered, "envoy_cluster_upstream_cx_rx_bytes_total", "cluster_name=\"app\"");
    }

    private static String stats(String metrics) {
        return """
            {name: "istio.stats", typed_config: {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
              type_url: "type.googleapis.com/stats.PluginConfig", value: {metrics: [%s]}}},
            """.formatted(metrics);
    }

    /** stats.PluginConfig (istio/proxy, extensions/stats/config.proto). */
    @Test
    void metricsChangeAsTheControlPlaneSays() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(
                http("edge", "OUTBOUND", "", stats("""
                    {name: "requests_total", tags_to_remove: ["response_flags", "request_protocol"],
                     dimensions: {host: "request.host", destination_port: "string(destination.port)",
                       source_app: "request.headers['x-app']"}},
                    {name: "request_bytes", drop: true}
                    """)),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", OF_THE_MESH, app));
        mesh.get("/", "x-app", "a\"b");
        mesh.get("/other", "x-app", "a\"b");
        mesh.get("/");
        awaitSum(3, "istio_requests_total", "host=\"127.0.0.1:" + mesh.port() + "\"");
        assertThat(sum("istio_requests_total", "source_app=\"a\\\"b\"")).isEqualTo(2);
        assertThat(sum("istio_requests_total", "source_app=\"unknown\"")).isEqualTo(1);
        assertThat(sum("istio_requests_total", "response_flags=")).isZero();
        assertThat(sum("istio_requests_total", "destination_port=\"" + mesh.port() + "\""))
                .isEqualTo(3);
        assertThat(page()).noneMatch(line -> line.startsWith("istio_request_bytes"));
        assertThat(sum("istio_response_bytes_count", "response_flags=\"-\"")).isEqualTo(3);
    }

    @Test
    void labelsThatAreRemovedAddUp() throws Exception {
        int app = mesh.backend(
                exchange -> reply(exchange, exchange.getRequestURI().getPath().equals("/fails") ? 500 : 200, "hello"));
        mesh.serve(
                http("edge", "OUTBOUND", "", stats("""
                    {tags_to_remove: ["response_code"]}
                    """)),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", OF_THE_MESH, app));
        mesh.get("/");
        mesh.get("/fails");
        awaitSum(2, "istio_requests_total");
        assertThat(page())
                .filteredOn(line -> line.startsWith("istio_requests_total{"))
                .hasSize(1);
        assertThat(page())
                .filteredOn(line -> line.startsWith("istio_request_duration_milliseconds_count{"))
                .singleElement()
                .asString()
                .endsWith(" 2");
    }

    /** Messages of gRPC are metrics as the others: dropped, or with labels of one's own. */
    @Test
    void messagesOfGrpcFollowTheirFilterToo() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "\0\0\0\0\1a\0\0\0\0\1b"));
        mesh.serve(
                http("edge", "OUTBOUND", "", stats("""
                    {name: "request_messages_total", drop: true},
                    {name: "response_messages_total", dimensions: {method: "request.url_path"}}
                    """)),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", OF_THE_MESH, app));
        mesh.send(HttpRequest.newBuilder(mesh.uri("/pkg.Service/Call"))
                .header("content-type", "application/grpc")
                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[] {0, 0, 0, 0, 1, 'q'}))
                .build());
        awaitSum(1, "istio_requests_total");
        assertThat(sum("istio_response_messages_total", "method=\"/pkg.Service/Call\""))
                .isEqualTo(2);
        assertThat(page()).noneMatch(line -> line.startsWith("istio_request_messages_total"));
    }

    @Test
    void connectionsFollowTheirFilterToo() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        mesh.serve(listener("edge", "OUTBOUND", """
            filter_chains: [{filters: [%s {name: "tcp", typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "tcp", cluster: "app"}}]}]
            """.formatted(stats("""
                {name: "tcp_connections_opened_total", dimensions: {to: "xds.cluster_name"}},
                {name: "tcp_sent_bytes_total", drop: true}
                """))), "", cluster("app", OF_THE_MESH, app));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
        }
        awaitSum(1, "istio_tcp_connections_closed_total");
        awaitSum(1, "istio_tcp_connections_opened_total", "to=\"app\"");
        assertThat(page()).noneMatch(line -> line.startsWith("istio_tcp_sent_bytes_total{"));
    }

    /** Ten thousand callers by what they say of themselves: each is counted, the page stays a page. */
    @Test
    void tenThousandLabelSets() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, ""));
        mesh.serve(
                http("edge", "OUTBOUND", "", stats("{dimensions: {caller: \"request.headers['x-caller']\"}}")),
                "{match: {prefix: \"/\"}, direct_response: {status: 200}}",
                cluster("app", OF_THE_MESH, app));
        for (int i = 0; i < 10_000; i++) {
            mesh.get("/", "x-caller", "caller-" + i);
        }
        awaitSum(10_000, "istio_requests_total");
        assertThat(sum("istio_request_duration_milliseconds_count")).isEqualTo(10_000);
        List<String> page = page();
        assertThat(page.stream().filter(line -> line.startsWith("istio_"))).hasSizeBetween(9_000, 10_100);
        assertThat(sum("lateen_telemetry_cut_total", "what=\"histograms\"")).isBetween(1L, 10_000L);
        assertThat(sum("lateen_telemetry_cut_total", "what=\"all\"")).isBetween(1L, 10_000L);
        assertThat(sum("istio_requests_total", "caller=\"other\""))
                .isEqualTo(sum("lateen_telemetry_cut_total", "what=\"all\""));
    }

    private static int series(String told) {
        return ProxyOptions.fromEnvironment(
                        ProxyOptions.Role.SIDECAR, "", Map.of(), Map.of("ISTIO_META_METRICS_SERIES", told))
                .series();
    }

    @Test
    void theBudgetOfSeriesIsSetByTheEnvironment() {
        assertThat(series("")).isEqualTo(10_000);
        assertThat(series("30000")).isEqualTo(30_000);
        assertThatThrownBy(() -> series("many"))
                .hasMessage("ISTIO_META_METRICS_SERIES is \"many\", not a number of series such as 10000");
    }

    /** What Istio's dashboard of the control plane calls connections as clients report them. */
    @Test
    void theControlPlanesConnectionIsTold() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, ""));
        mesh.serve("{match: {prefix: \"/\"}, route: {cluster: \"app\"}}", cluster("app", OF_THE_MESH, app));
        assertThat(sum("envoy_cluster_upstream_cx_active", "cluster_name=\"xds-grpc\""))
                .isEqualTo(1);
        mesh.stopControlPlane();
        TestMesh.await("it is gone", () -> sum("envoy_cluster_upstream_cx_active", "cluster_name=\"xds-grpc\"") == 0);
    }
}
