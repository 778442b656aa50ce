package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is made of a Prometheus' answers, in the form of its documentation ("HTTP API", "Expression query result formats"). */
final class PrometheusApiTest {
    private HttpServer server;
    private PrometheusApi prometheus;
    private volatile int status = 200;
    private volatile String answer = "";
    private volatile String asked = "";

    @SuppressWarnings("NullAway.Init") // set before each test
    PrometheusApiTest() {}

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            asked = exchange.getRequestURI() + " " + URLDecoder.decode(form, StandardCharsets.UTF_8);
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        prometheus = new PrometheusApi(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/prom/"), Duration.ofSeconds(20));
    }

    @AfterEach
    void stop() {
        prometheus.close();
        server.stop(0);
    }

    private static String series(String instance, String values) {
        return """
            {"metric":{"__name__":"istio_requests_total","reporter":"source","source_workload":"client",
            "response_code":"200","destination_service":"web.d","destination_workload":"web","job":"mesh",
            "instance":"%s"},%s}
            """.formatted(instance, values);
    }

    private static String success(String kind, String... series) {
        return "{\"status\":\"success\",\"data\":{\"resultType\":\"" + kind + "\",\"result\":["
                + String.join(",", series) + "]}}";
    }

    @Test
    void now_pagesAreByTarget() throws Exception {
        answer = success(
                "vector",
                series("10.0.0.1:15020", "\"value\":[1767225600.5,\"30\"]"),
                series("10.0.0.2:15020", "\"value\":[1767225600.5,\"12\"]"));
        Map<String, List<Sample>> pages = prometheus.now();
        assertThat(asked)
                .startsWith("/prom/api/v1/query query={__name__=~\"istio_requests_total|")
                .contains("or sum by (__name__,instance,reporter,le,source_workload,")
                .contains("request_duration_milliseconds|request_bytes|response_bytes)_bucket");
        assertThat(pages).containsOnlyKeys("10.0.0.1:15020", "10.0.0.2:15020");
        MeshTraffic traffic = new MeshTraffic(10);
        traffic.add(Instant.EPOCH, pages);
        assertThat(traffic.edges(Duration.ofMinutes(1)))
                .singleElement()
                .satisfies(carried -> assertThat(carried.total()).isEqualTo(42));
    }

    /** The past comes in its order, so that counters grow as they did. */
    @Test
    void between_pagesAreByTime() throws Exception {
        answer = success(
                "matrix",
                series("a", "\"values\":[[60,\"10\"],[120,\"40\"],[180,\"5\"]]"),
                series("b", "\"values\":[[120,\"100\"]]"));
        Map<Instant, Map<String, List<Sample>>> past =
                prometheus.between(Instant.ofEpochSecond(60), Instant.ofEpochSecond(180), Duration.ofMinutes(1));
        assertThat(asked)
                .contains("/api/v1/query_range")
                .contains("start=60")
                .contains("end=180")
                .contains("step=60");
        assertThat(past.keySet())
                .containsExactly(Instant.ofEpochSecond(60), Instant.ofEpochSecond(120), Instant.ofEpochSecond(180));
        MeshTraffic traffic = new MeshTraffic(10);
        past.forEach(traffic::add);
        assertThat(traffic.edges(Duration.ofMinutes(5)))
                .singleElement()
                .satisfies(carried -> assertThat(carried.total()).isEqualTo(40 + 5 + 100));
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        400 | {"status":"error","errorType":"bad_data","error":"no such function"} | answers 400: no such function
        503 | {"status":"error","error":"query timed out"}                          | answers 503: query timed out
        200 | <html>a proxy's page</html>                                           | answers 200, and not with JSON
        200 | {"up":true}                                                           | answers 200: no answer of a Prometheus
        404 | []                                                                    | answers 404: no answer of a Prometheus
        """)
    void whatIsNoAnswer_isSaid(int code, String body, String why) {
        status = code;
        answer = body;
        assertThatThrownBy(prometheus::now).isInstanceOf(IOException.class).hasMessageContaining(why);
    }
}
