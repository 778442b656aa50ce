package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.Headers;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens to a request between its connection and the router, and to its answer on the way back. */
final class HttpFiltersTest {
    private static final String CORS = """
        {name: "cors", typed_config: {"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"}},
        """;
    private static final String FAULT = """
        {name: "fault", typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"}},
        """;
    private static final String TO_APP = "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}";

    private final TestMesh mesh = new TestMesh();
    private volatile Headers seen = new Headers();
    private int app;

    @BeforeEach
    void start() throws Exception {
        app = mesh.backend(exchange -> {
            seen = exchange.getRequestHeaders();
            reply(exchange, 200, exchange.getRequestURI().getRawPath());
        });
    }

    @AfterEach
    void stop() {
        mesh.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        /public         | 200
        /admin          | 403
        /public/../admin| 403
        /public/%2e%2e/admin | 403
        /./admin        | 403
        /%61dmin        | 403
        //admin         | 403
        /public/..%2fadmin | 200
        /../..          | 200
        """)
    void paths_areRoutedInTheirNormalForm(String path, int status) throws Exception {
        mesh.serve(
                http("edge", "UNSPECIFIED", "normalize_path: true, merge_slashes: true,", ""),
                "{match: {prefix: \"/admin\"}, direct_response: {status: 403}}," + TO_APP,
                cluster("app", "", app));
        assertThat(mesh.raw("GET " + path + " HTTP/1.1|Host: a|Connection: close||"))
                .startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void aCallersWishes_areNoneOfOurs() throws Exception {
        mesh.serve(http("edge", "UNSPECIFIED", "use_remote_address: true,", ""), TO_APP, cluster("app", "", app));
        HttpResponse<String> response = mesh.get(
                "/",
                "x-envoy-retry-on",
                "5xx",
                "x-envoy-upstream-rq-timeout-ms",
                "1",
                "x-envoy-internal",
                "true",
                "x-forwarded-for",
                "10.1.2.3",
                "x-request-id",
                "mine");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(seen).doesNotContainKeys("X-envoy-retry-on", "X-envoy-upstream-rq-timeout-ms");
        assertThat(seen.getFirst("X-envoy-internal")).isNull();
        assertThat(seen.getFirst("X-forwarded-for")).isEqualTo("10.1.2.3,127.0.0.1");
        assertThat(seen.getFirst("X-envoy-external-address")).isEqualTo("127.0.0.1");
        assertThat(seen.getFirst("X-forwarded-proto")).isEqualTo("http");
        assertThat(seen.getFirst("X-request-id")).matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab].*");
        assertThat(response.headers().firstValue("server")).hasValue("envoy");
        assertThat(response.headers().firstValue("x-envoy-upstream-service-time"))
                .isPresent();
    }

    @Test
    void insideTheMesh_aRequestKeepsItsId() throws Exception {
        mesh.serve(TO_APP, cluster("app", "", app));
        mesh.get("/", "x-request-id", "mine");
        assertThat(seen.getFirst("X-request-id")).isEqualTo("mine");
        assertThat(seen.getFirst("X-forwarded-for")).isNull();
    }

    @Test
    void browsers_areToldWhatTheyMay() throws Exception {
        mesh.serve(http("edge", "UNSPECIFIED", "", CORS), """
            {match: {prefix: "/"}, route: {cluster: "app"}, typed_per_filter_config: {cors: {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
              allow_origin_string_match: [{exact: "https://shop.example"}], allow_methods: "GET, PUT",
              max_age: "60", expose_headers: "x-total"}}}
            """, cluster("app", "", app));
        HttpResponse<String> preflight = mesh.send(HttpRequest.newBuilder(mesh.uri("/"))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("origin", "https://shop.example")
                .header("access-control-request-method", "PUT")
                .timeout(TestMesh.TIMEOUT)
                .build());
        assertThat(preflight.statusCode()).isEqualTo(200);
        assertThat(preflight.headers().firstValue("access-control-allow-origin"))
                .hasValue("https://shop.example");
        assertThat(preflight.headers().firstValue("access-control-allow-methods"))
                .hasValue("GET, PUT");
        assertThat(preflight.headers().firstValue("access-control-max-age")).hasValue("60");
        HttpResponse<String> allowed = mesh.get("/", "origin", "https://shop.example");
        assertThat(allowed.body()).isEqualTo("/");
        assertThat(allowed.headers().firstValue("access-control-allow-origin")).hasValue("https://shop.example");
        assertThat(allowed.headers().firstValue("access-control-expose-headers"))
                .hasValue("x-total");
        assertThat(mesh.get("/", "origin", "https://evil.example").headers().map())
                .doesNotContainKey("access-control-allow-origin");
    }

    @Test
    void faults_delayAndRefuse_beforeTheAppIsAsked() throws Exception {
        mesh.serve(http("edge", "UNSPECIFIED", "", FAULT), """
            {match: {prefix: "/"}, route: {cluster: "app", retry_policy: {retry_on: "5xx", num_retries: 5}},
             typed_per_filter_config: {fault: {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
              delay: {fixed_delay: "0.2s", percentage: {numerator: 100}},
              abort: {http_status: 555, percentage: {numerator: 100}}}}}
            """, cluster("app", "", app));
        long before = System.nanoTime();
        HttpResponse<String> response = mesh.post("/", "content that nobody reads");
        assertThat(response.statusCode()).isEqualTo(555);
        assertThat(response.body()).isEqualTo("fault filter abort");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(195));
        assertThat(seen).isEmpty();
    }

    @Test
    void aDelayedRequest_bringsItsContent() throws Exception {
        int echo = mesh.backend(exchange -> {
            byte[] content = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
            exchange.close();
        });
        mesh.serve(http("edge", "UNSPECIFIED", "", FAULT), """
            {match: {prefix: "/"}, route: {cluster: "app"}, typed_per_filter_config: {fault: {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
              delay: {fixed_delay: "0.1s", percentage: {numerator: 100}}}}}
            """, cluster("app", "", echo));
        String content = "x".repeat(1 << 20);
        assertThat(mesh.post("/", content).body()).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        application/grpc       | 200 | 14
        application/grpc+proto | 200 | 14
        application/grpc-web   | 503 |
        text/plain             | 503 |
        """)
    void grpcCallers_readFailuresAsTheirStatus(String type, int status, String grpcStatus) throws Exception {
        mesh.serve("{match: {prefix: \"/\"}, route: {cluster: \"empty\"}}", cluster("empty", ""));
        HttpResponse<String> response = mesh.get("/", "content-type", type);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("grpc-status").orElse(null)).isEqualTo(grpcStatus);
        if (grpcStatus != null) {
            assertThat(response.headers().firstValue("grpc-message")).hasValue("no healthy upstream");
        }
    }
}
