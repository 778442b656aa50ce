package dev.lateen.proxy;

import static dev.lateen.proxy.PageCounts.sums;
import static dev.lateen.proxy.PageCounts.total;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the caller's proxy and the callee's count of the same requests (Istio documentation, "Istio Standard Metrics";
 * Envoy documentation, "Cluster manager statistics"): each counter of both equals what was sent.
 */
final class ExactCountsTest {
    static final String OF_THE_MESH = """
        metadata: {filter_metadata: {istio: {services: [{host: "web.default.svc.cluster.local", name: "web",
          namespace: "default"}]}}},
        """;
    private static final String FAULT = """
        {name: "fault", typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"}},
        """;

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
        PageCounts.await(caller, cell(atCaller), "istio_requests_total", status);
        PageCounts.await(callee, cell(atCallee), "istio_requests_total", status);
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

    private long of(String statistic, String cluster) {
        return PageCounts.ofCluster(caller, statistic, cluster);
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
        PageCounts.await(caller, Map.of("0 DC", 3L), "istio_requests_total", "response_code", "response_flags");
        PageCounts.await(callee, Map.of("0 DC", 3L), "istio_requests_total", "response_code", "response_flags");
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
}
