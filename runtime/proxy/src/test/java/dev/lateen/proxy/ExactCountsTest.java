package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.listener;
import static dev.lateen.proxy.TestMesh.reply;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the caller's proxy and the callee's count of the same calls (Istio documentation, "Istio Standard Metrics";
 * Envoy documentation, "Cluster manager statistics"): each counter of both equals what was sent.
 */
final class ExactCountsTest {
    private static final String OF_THE_MESH = """
        metadata: {filter_metadata: {istio: {services: [{host: "web.default.svc.cluster.local", name: "web",
          namespace: "default"}]}}},
        """;
    private static final String FAULT = """
        {name: "fault", typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"}},
        """;
    private static final String TCP = """
        filter_chains: [{filters: [{name: "tcp", typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
          stat_prefix: "tcp", cluster: "%s"}}]}]
        """;
    private static final Pattern LINE = Pattern.compile("([a-z_]+)\\{(.*)} ([0-9]+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

    private final TestMesh caller = new TestMesh();
    private final TestMesh callee = new TestMesh();
    private final AtomicInteger reached = new AtomicInteger();
    private final CountDownLatch over = new CountDownLatch(1);

    @AfterEach
    void stop() {
        over.countDown();
        caller.close();
        callee.close();
    }

    // ---- reading pages

    private static Map<String, Long> sums(TestMesh mesh, String metric, String... by) {
        Map<String, Long> sums = new TreeMap<>();
        URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus");
        try {
            mesh.send(HttpRequest.newBuilder(page).build()).body().lines().forEach(line -> {
                Matcher parts = LINE.matcher(line);
                if (parts.matches() && parts.group(1).equals(metric)) {
                    Map<String, String> labels = new TreeMap<>();
                    LABEL.matcher(parts.group(2))
                            .results()
                            .forEach(label -> labels.put(label.group(1), label.group(2)));
                    StringBuilder key = new StringBuilder();
                    for (String label : by) {
                        key.append(key.isEmpty() ? "" : " ").append(labels.get(label));
                    }
                    sums.merge(key.toString(), Long.parseLong(parts.group(3)), Long::sum);
                }
            });
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return sums;
    }

    /** A table's cell: {@code 3 × 200 -; 2 × 503 UC}, or empty. */
    private static Map<String, Long> cell(String text) {
        Map<String, Long> counts = new TreeMap<>();
        if (text != null) {
            for (String part : text.split(";")) {
                String[] sides = part.split("×");
                counts.put(sides[1].strip(), Long.valueOf(sides[0].strip()));
            }
        }
        return counts;
    }

    private static void counts(TestMesh mesh, Map<String, Long> expected, String metric, String... by) {
        TestMesh.await(metric + " is " + expected + ", was " + sums(mesh, metric, by), () -> sums(mesh, metric, by)
                .equals(expected));
    }

    private static long total(TestMesh mesh, String metric) {
        return sums(mesh, metric).values().stream().mapToLong(Long::longValue).sum();
    }

    // ---- requests

    private void serveRequests() throws IOException {
        int app = callee.backend(this::app);
        callee.serve(
                http("edge", "INBOUND", "", ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", timeout: \"0s\"}}",
                cluster("app", OF_THE_MESH, app));
        caller.serve(
                http("edge", "OUTBOUND", "", FAULT),
                """
                {match: {path: "/retried"}, route: {cluster: "web", retry_policy: {retry_on: "5xx", num_retries: 2,
                  retry_back_off: {base_interval: "0.001s"}}}},
                {match: {path: "/flaky"}, route: {cluster: "web", retry_policy: {retry_on: "5xx", num_retries: 2,
                  retry_back_off: {base_interval: "0.001s"}}}},
                {match: {path: "/late"}, route: {cluster: "web", retry_policy: {retry_on: "5xx", num_retries: 1,
                  per_try_timeout: "0.5s", retry_back_off: {base_interval: "0.001s"}}}},
                {match: {path: "/mirrored"}, route: {cluster: "web", request_mirror_policies: [{cluster: "web"}]}},
                {match: {path: "/aborted"}, route: {cluster: "web"}, typed_per_filter_config: {fault: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                  abort: {http_status: 418, percentage: {numerator: 100}}}}},
                {match: {path: "/delayed"}, route: {cluster: "web"}, typed_per_filter_config: {fault: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                  delay: {fixed_delay: "0.01s", percentage: {numerator: 100}}}}},
                {match: {path: "/hangs"}, route: {cluster: "web", timeout: "0.5s"}},
                {match: {path: "/held"}, route: {cluster: "web", timeout: "0s"}},
                {match: {path: "/refused"}, route: {cluster: "refused"}},
                {match: {path: "/nowhere"}, route: {cluster: "missing"}},
                {match: {path: "/full"}, route: {cluster: "full"}},
                {match: {path: "/own"}, direct_response: {status: 204}},
                {match: {path: "/ok"}, route: {cluster: "web"}},
                {match: {path: "/fails"}, route: {cluster: "web"}},
                {match: {path: "/resets"}, route: {cluster: "web"}}
                """,
                cluster("web", OF_THE_MESH, callee.port()),
                cluster("refused", OF_THE_MESH, 1),
                cluster("full", OF_THE_MESH + "circuit_breakers: {thresholds: [{max_requests: 0}]},", callee.port()));
    }

    private void app(HttpExchange exchange) throws IOException {
        int number = reached.incrementAndGet();
        switch (exchange.getRequestURI().getPath()) {
            case "/fails" -> reply(exchange, 500, "hello");
            case "/retried" -> reply(exchange, 503, "hello");
            case "/flaky" -> reply(exchange, number % 2 == 1 ? 503 : 200, "hello");
            case "/resets" -> exchange.close();
            case "/hangs", "/late", "/held" -> {
                try {
                    over.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            default -> reply(exchange, 200, "hello");
        }
    }

    /** Of the callee's side: a try that is given up by the caller has no status and the flag DC there. */
    @ParameterizedTest(name = "{1} to {0}: {2} at the caller, {3} at the callee")
    @CsvSource(delimiter = '|', textBlock = """
        # path    | sent | caller counts | callee counts        | sent on | retries: made, succeeded, used up | service
        /ok       | 7    | 7 × 200 -     | 7 × 200 -            | 7       | 0 0 0 | web
        /fails    | 3    | 3 × 500 -     | 3 × 500 -            | 3       | 0 0 0 | web
        /retried  | 2    | 2 × 503 URX   | 6 × 503 -            | 6       | 4 0 2 | web
        /flaky    | 3    | 3 × 200 -     | 3 × 200 -; 3 × 503 - | 6       | 3 3 0 | web
        /mirrored | 4    | 4 × 200 -     | 8 × 200 -            | 8       | 0 0 0 | web
        /aborted  | 5    | 5 × 418 FI    |                      | 0       | 0 0 0 | web
        /delayed  | 3    | 3 × 200 DI    | 3 × 200 -            | 3       | 0 0 0 | web
        /hangs    | 2    | 2 × 504 UT    | 2 × 0 DC             | 2       | 0 0 0 | web
        /late     | 2    | 2 × 504 UT,URX| 4 × 0 DC             | 4       | 2 0 2 | web
        /resets   | 3    | 3 × 503 -     | 3 × 503 UC           | 3       | 0 0 0 | web
        /refused  | 3    | 3 × 503 UF    |                      | 0       | 0 0 0 | web
        /nowhere  | 2    | 2 × 503 NC    |                      | 0       | 0 0 0 | -
        /full     | 4    | 4 × 503 UO    |                      | 0       | 0 0 0 | web
        /own      | 2    | 2 × 204 -     |                      | 0       | 0 0 0 | -
        /no/route | 2    | 2 × 404 NR    |                      | 0       | 0 0 0 | -
        """)
    void requests(String path, int sent, String atCaller, String atCallee, int sentOn, String retries, String service)
            throws Exception {
        serveRequests();
        for (int i = 0; i < sent; i++) {
            caller.get(path);
        }
        String[] status = {"response_code", "response_flags"};
        counts(caller, cell(atCaller), "istio_requests_total", status);
        counts(callee, cell(atCallee), "istio_requests_total", status);
        long received =
                cell(atCallee).values().stream().mapToLong(Long::longValue).sum();
        for (String metric : new String[] {
            "istio_request_duration_milliseconds_count", "istio_request_bytes_count", "istio_response_bytes_count"
        }) {
            assertThat(total(caller, metric)).as(metric + " of the caller").isEqualTo(sent);
            assertThat(total(callee, metric)).as(metric + " of the callee").isEqualTo(received);
        }
        assertThat(sums(caller, "istio_requests_total", "reporter")).containsOnlyKeys("source");
        assertThat(sums(caller, "istio_requests_total", "destination_service", "destination_service_name"))
                .containsOnlyKeys(service.equals("web") ? "web.default.svc.cluster.local web" : "unknown unknown");
        assertThat(sums(callee, "istio_requests_total", "reporter").keySet()).isSubsetOf("destination");

        assertThat(reached.get()).isEqualTo((int) received);
        assertThat(of("upstream_rq_total", "web")).isEqualTo(sentOn);
        assertThat(of("upstream_rq_retry", "web") + " " + of("upstream_rq_retry_success", "web") + " "
                        + of("upstream_rq_retry_limit_exceeded", "web"))
                .isEqualTo(retries);
        assertThat(of("upstream_rq_timeout", "web"))
                .isEqualTo(path.equals("/hangs") || path.equals("/late") ? sentOn : 0);
        assertThat(of("upstream_rq_pending_overflow", "full")).isEqualTo(path.equals("/full") ? sent : 0);
        assertThat(of("upstream_cx_connect_fail", "refused")).isEqualTo(path.equals("/refused") ? sent : 0);
        TestMesh.await("no request is left", () -> of("upstream_rq_active", "web") == 0);
    }

    private long of(String statistic, String cluster) {
        return sums(caller, "envoy_cluster_" + statistic, "cluster_name").getOrDefault(cluster, -1L);
    }

    @Test
    void aCallerThatGoesAway_isCountedOnBothSides() throws Exception {
        serveRequests();
        for (int i = 0; i < 3; i++) {
            int asked = i + 1;
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), caller.port())) {
                client.getOutputStream().write("GET /held HTTP/1.1\r\nhost: web\r\n\r\n".getBytes(US_ASCII));
                TestMesh.await("the app was asked", () -> reached.get() == asked);
            }
        }
        counts(caller, Map.of("0 DC", 3L), "istio_requests_total", "response_code", "response_flags");
        counts(callee, Map.of("0 DC", 3L), "istio_requests_total", "response_code", "response_flags");
    }

    /** As Envoy's, which are kept by the cluster's name. */
    @Test
    void clusterTotalsNeverFall() throws Exception {
        serveRequests();
        caller.get("/flaky");
        caller.get("/ok");
        String routes = "{match: {path: \"/ok\"}, route: {cluster: \"web\"}}";
        caller.serve(
                http("edge", "OUTBOUND", "", FAULT), routes, cluster("web", OF_THE_MESH + "lb_policy: RANDOM,", 1));
        while (caller.get("/ok").statusCode() != 503) {
            Thread.onSpinWait(); // the old configuration serves until the new one has come
        }
        assertThat(of("upstream_rq_total", "web")).isGreaterThanOrEqualTo(3);
        assertThat(of("upstream_rq_retry_success", "web")).isEqualTo(1);
    }

    // ---- connections

    /** How a connection that carries {@code ping} and {@code pong} ends. */
    enum End {
        CLIENT_ENDS,
        CLIENT_RESETS,
        APP_ENDS,
        APP_RESETS
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private ServerSocket talker(End end) throws IOException {
        ServerSocket app = new ServerSocket();
        app.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Thread.ofVirtual().start(() -> {
            while (!app.isClosed()) {
                try (Socket socket = app.accept()) {
                    reached.incrementAndGet();
                    socket.getInputStream().readNBytes(4);
                    socket.getOutputStream().write("pong!".getBytes(US_ASCII));
                    switch (end) {
                        case APP_ENDS -> {}
                        case CLIENT_ENDS, CLIENT_RESETS -> {
                            var _ = socket.getInputStream().readAllBytes();
                        }
                        case APP_RESETS -> {
                            // The client says when it has read the answer, which a reset would overtake.
                            socket.getInputStream().readNBytes(1);
                            reset(socket);
                        }
                    }
                } catch (IOException e) {
                    // Its client reset it, which is passed on; or the test is over.
                }
            }
        });
        return app;
    }

    private void connections(String clusterFields, int port) {
        callee.serve(listener("edge", "INBOUND", TCP.formatted("app")), "", cluster("app", OF_THE_MESH, port));
        caller.serve(
                listener("edge", "OUTBOUND", TCP.formatted("web")),
                "",
                cluster("web", OF_THE_MESH + clusterFields, port == 1 ? 1 : callee.port()));
    }

    @ParameterizedTest(name = "{1} connections, {0}: {2} bytes in, {3} out")
    @CsvSource(delimiter = '|', textBlock = """
        # end          | connections | from the client | to the client
        CLIENT_ENDS    | 4           | 4               | 5
        CLIENT_RESETS  | 4           | 4               | 5
        APP_ENDS       | 3           | 4               | 5
        APP_RESETS     | 3           | 5               | 5
        """)
    void connectionsThatEnd(End end, int number, int received, int sent) throws Exception {
        try (ServerSocket app = talker(end)) {
            connections("", app.getLocalPort());
            for (int i = 0; i < number; i++) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), caller.port())) {
                    client.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
                    client.getOutputStream().write("ping".getBytes(US_ASCII));
                    assertThat(client.getInputStream().readNBytes(5))
                            .asString(US_ASCII)
                            .isEqualTo("pong!");
                    switch (end) {
                        case CLIENT_ENDS -> {}
                        case CLIENT_RESETS -> reset(client);
                        case APP_ENDS ->
                            assertThat(client.getInputStream().read()).isEqualTo(-1);
                        case APP_RESETS -> {
                            client.getOutputStream().write('!');
                            TestMesh.await("the reset comes", () -> isReset(client));
                        }
                    }
                }
            }
            for (TestMesh side : new TestMesh[] {caller, callee}) {
                String reporter = side == caller ? "source" : "destination";
                Map<String, Long> connections = Map.of(reporter + " -", (long) number);
                counts(side, connections, "istio_tcp_connections_closed_total", "reporter", "response_flags");
                counts(side, connections, "istio_tcp_connections_opened_total", "reporter", "response_flags");
                assertThat(total(side, "istio_tcp_received_bytes_total")).isEqualTo((long) number * received);
                assertThat(total(side, "istio_tcp_sent_bytes_total")).isEqualTo((long) number * sent);
            }
            assertThat(of("upstream_cx_total", "web")).isEqualTo(number);
            TestMesh.await("no connection is left", () -> of("upstream_cx_active", "web") == 0);
        }
    }

    private static boolean isReset(Socket client) {
        try {
            return client.getInputStream().read() == -1;
        } catch (IOException e) {
            return true;
        }
    }

    @ParameterizedTest(name = "{0}: flag {1}")
    @CsvSource(delimiter = '|', textBlock = """
        # what           | flag
        nobody listens   | UF
        no room          | UO
        """)
    void connectionsThatAreRefused(String what, String flag) throws Exception {
        try (ServerSocket app = talker(End.APP_ENDS)) {
            boolean full = flag.equals("UO");
            connections(
                    full ? "circuit_breakers: {thresholds: [{max_connections: 0}]}," : "",
                    full ? app.getLocalPort() : 1);
            for (int i = 0; i < 3; i++) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), caller.port())) {
                    client.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
                    TestMesh.await("the end comes", () -> isReset(client));
                }
            }
            counts(caller, Map.of(flag, 3L), "istio_tcp_connections_opened_total", "response_flags");
            counts(caller, Map.of(flag, 3L), "istio_tcp_connections_closed_total", "response_flags");
            assertThat(total(caller, "istio_tcp_received_bytes_total")).isZero();
            assertThat(total(callee, "istio_tcp_connections_opened_total")).isZero();
            assertThat(of("upstream_cx_overflow", "web")).isEqualTo(full ? 3 : 0);
        }
    }

    /** A reset can come while the proxy still connects: whatever it finds, both sides close what they opened. */
    @Test
    void connectionsThatAreResetAtOnce() throws Exception {
        try (ServerSocket app = talker(End.CLIENT_ENDS)) {
            connections("", app.getLocalPort());
            for (int i = 0; i < 20; i++) {
                reset(new Socket(InetAddress.getLoopbackAddress(), caller.port()));
            }
            counts(caller, Map.of("", 20L), "istio_tcp_connections_opened_total");
            counts(caller, Map.of("", 20L), "istio_tcp_connections_closed_total");
            TestMesh.await("the callee closed all", () -> {
                long opened = total(callee, "istio_tcp_connections_opened_total");
                return opened == of("upstream_cx_total", "web")
                        && opened == total(callee, "istio_tcp_connections_closed_total");
            });
            assertThat(total(callee, "istio_tcp_received_bytes_total")).isZero();
        }
    }
}
