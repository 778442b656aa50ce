package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Routes, retries, mirrors, limits and ejection of a whole proxy. */
final class ProxyTest {
    private final TestMesh mesh = new TestMesh();
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger calls = new AtomicInteger();
    private final List<String> mirrored = new CopyOnWriteArrayList<>();

    /** Keeps a backend from answering for as long as the test lasts. */
    private void hang() {
        try {
            var _ = over.await(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        over.countDown();
        mesh.close();
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
        int port = mesh.backend(exchange -> reply(exchange, 200, "body of " + exchange.getRequestURI()));
        mesh.serve("""
            {match: {path: "/ok"}, route: {cluster: "app"}},
            {match: {prefix: "/rewrite"}, route: {cluster: "app", prefix_rewrite: "/elsewhere"}},
            {match: {path: "/direct"}, direct_response: {status: 418, body: {inline_string: "teapot"}}},
            {match: {path: "/nobody"}, route: {cluster: "empty"}},
            {match: {path: "/refused"}, route: {cluster: "refused"}},
            {match: {path: "/missing"}, route: {cluster: "not-there"}}
            """, cluster("app", "", port), cluster("empty", ""), cluster("refused", "", 1));
        HttpResponse<String> response = mesh.get(path);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).startsWith(body == null ? "" : body);
    }

    @Test
    void retriesUntilAnAnswerCounts() throws Exception {
        int port = mesh.backend(exchange -> reply(exchange, calls.incrementAndGet() < 4 ? 503 : 200, "try " + calls));
        mesh.serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", retry_policy: {retry_on: \"5xx\", num_retries:"
                        + " 5}}}",
                cluster("app", "", port));
        assertThat(mesh.post("/", "x".repeat(100_000)).body()).isEqualTo("try 4");
    }

    @Test
    void aTryThatHangsIsGivenUpForAnother() throws Exception {
        int port = mesh.backend(exchange -> {
            if (calls.incrementAndGet() == 1) {
                hang();
            }
            reply(exchange, 200, "try " + calls);
        });
        mesh.serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", timeout: \"15s\","
                        + " retry_policy: {retry_on: \"reset\", num_retries: 2, per_try_timeout: \"0.2s\"}}}",
                cluster("app", "", port));
        assertThat(mesh.get("/").body()).isEqualTo("try 2");
    }

    @Test
    void aMirrorGetsACopyAndDelaysNothing() throws Exception {
        int main = mesh.backend(exchange -> reply(exchange, 200, "main"));
        int slow = mesh.backend(exchange -> {
            mirrored.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            calls.incrementAndGet();
            hang();
        });
        mesh.serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", request_mirror_policies: [{cluster: \"shadow\"}]}}",
                cluster("app", "", main),
                cluster("shadow", "", slow));
        for (int i = 0; i < 10; i++) {
            assertThat(mesh.post("/", "body").body()).isEqualTo("main");
        }
        TestMesh.await("ten copies came", () -> calls.get() == 10);
        assertThat(mirrored).hasSize(10).containsOnly("body");
    }

    @Test
    void whatExceedsTheLimitsIsRefusedAtOnce() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch arrived = new CountDownLatch(1);
        int port = mesh.backend(exchange -> {
            arrived.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            reply(exchange, 200, "slow");
        });
        mesh.serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster(
                        "app",
                        "circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 1}]},",
                        port));
        List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(mesh.client()
                    .sendAsync(
                            HttpRequest.newBuilder(mesh.uri("/"))
                                    .timeout(TIMEOUT)
                                    .build(),
                            HttpResponse.BodyHandlers.ofString()));
            // The first has its connection before the others come: one waits, the rest find no room.
            arrived.await();
        }
        TestMesh.await(
                "four are refused",
                () -> all.stream().filter(CompletableFuture::isDone).count() == 4);
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
        int bad = mesh.backend(exchange -> reply(exchange, 500, "bad"));
        mesh.serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster(
                        "app",
                        "outlier_detection: {consecutive_5xx: 2, interval: \"60s\", base_ejection_time: \"60s\","
                                + " max_ejection_percent: 100}, common_lb_config: {healthy_panic_threshold: {value: 0}},",
                        bad));
        assertThat(List.of(
                        mesh.get("/").statusCode(),
                        mesh.get("/").statusCode(),
                        mesh.get("/").statusCode()))
                .containsExactly(500, 500, 503);
    }

    @Test
    void whenAllHostsAreLeftAlone_answersComeAtOnce_untilTheyAreBack() throws Exception {
        int port = mesh.backend(exchange -> reply(exchange, calls.incrementAndGet() <= 2 ? 503 : 200, "app"));
        mesh.serve(
                "{match: {prefix: \"/\"}, route: {cluster: \"app\","
                        + " retry_policy: {retry_on: \"5xx,reset,connect-failure\", num_retries: 30}}}",
                cluster(
                        "app",
                        "outlier_detection: {consecutive_5xx: 2, interval: \"0.2s\", base_ejection_time: \"1s\","
                                + " max_ejection_percent: 100}, common_lb_config: {healthy_panic_threshold: {value: 0}},",
                        port));
        HttpResponse<String> none = mesh.get("/");
        assertThat(none.statusCode()).isEqualTo(503);
        assertThat(none.body()).isEqualTo("no healthy upstream");
        assertThat(calls).hasValue(2);
        TestMesh.await("the host is back", () -> {
            try {
                return mesh.get("/").statusCode() == 200;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        for (int i = 0; i < 20; i++) {
            assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @CsvSource({"UNSPECIFIED", "INBOUND", "OUTBOUND"})
    void theTightestLimits_refuseWhatComesTogether_andLetTheRestPass(String direction) throws Exception {
        AtomicInteger ok = new AtomicInteger();
        AtomicInteger overflow = new AtomicInteger();
        java.util.concurrent.CountDownLatch refused = new java.util.concurrent.CountDownLatch(101);
        int port = mesh.backend(exchange -> {
            try {
                refused.await(); // the first holds the only connection until so many were refused
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            reply(exchange, 200, "ok");
        });
        mesh.serve(
                TestMesh.http("edge", direction, "", ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", """
                    circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 1}]},
                    typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                      common_http_protocol_options: {max_requests_per_connection: 1},
                      explicit_http_config: {http_protocol_options: {}}}},
                    """, port));
        try (var callers = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            for (int caller = 0; caller < 20; caller++) {
                var _ = callers.submit(() -> {
                    for (int i = 0; i < 10; i++) {
                        HttpResponse<String> response = mesh.get("/");
                        if (response.statusCode() == 200) {
                            ok.incrementAndGet();
                        } else if (response.headers()
                                .firstValue("x-envoy-overloaded")
                                .isPresent()) {
                            overflow.incrementAndGet();
                            refused.countDown();
                        }
                    }
                    return null;
                });
            }
        }
        assertThat(ok.get() + overflow.get()).isEqualTo(200);
        assertThat(overflow.get()).isGreaterThan(100);
        for (int i = 0; i < 50; i++) {
            assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        }
    }
}
