package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.service.auth.v3.AuthorizationGrpc;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.DeniedHttpResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitRequest;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitServiceGrpc;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import io.envoyproxy.envoy.type.v3.StatusCode;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Filters that limit, compress, and ask others, on the wire. */
class ServiceFiltersTest {
    private static final String TO_APP = "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}";
    private static final String TYPE = "type.googleapis.com/envoy.extensions.filters.http.";

    private final TestMesh mesh = new TestMesh();
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private int app;

    @BeforeEach
    void start() throws Exception {
        app = mesh.backend(exchange -> {
            String content = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            seen.add(exchange.getRequestURI() + " user="
                    + exchange.getRequestHeaders().getFirst("x-user") + " " + content.length());
            exchange.getResponseHeaders().set("Content-Type", "text/plain");
            reply(
                    exchange,
                    200,
                    exchange.getRequestURI().getPath().equals("/long") ? "0123456789".repeat(20_000) : "short");
        });
    }

    @AfterEach
    void stop() {
        mesh.close();
    }

    private void serve(String filter, String routes, io.envoyproxy.envoy.config.cluster.v3.Cluster... more) {
        var clusters = new java.util.ArrayList<>(List.of(more));
        clusters.add(cluster("app", "", app));
        mesh.serve(
                http("edge", "UNSPECIFIED", "", filter),
                routes,
                clusters.toArray(new io.envoyproxy.envoy.config.cluster.v3.Cluster[0]));
    }

    // ---- limits

    private static String limit(int tokens) {
        return """
            "@type": "%slocal_ratelimit.v3.LocalRateLimit", stat_prefix: "l",
            token_bucket: {max_tokens: %d, fill_interval: "3600s"},
            filter_enabled: {default_value: {numerator: 100}}, filter_enforced: {default_value: {numerator: 100}},
            response_headers_to_add: [{header: {key: "x-limited", value: "yes"}}]
            """.formatted(TYPE, tokens);
    }

    @Test
    void requests_beyond_the_limit_are_refused() throws Exception {
        serve("{name: \"limit\", typed_config: {" + limit(3) + "}},", """
            {match: {prefix: "/own"}, route: {cluster: "app"}, typed_per_filter_config: {limit: {%s}}}, %s
            """.formatted(limit(1), TO_APP));
        for (int i = 0; i < 3; i++) {
            assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        }
        HttpResponse<String> refused = mesh.get("/");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).isEqualTo("local_rate_limited");
        assertThat(refused.headers().firstValue("x-limited")).hasValue("yes");
        assertThat(mesh.get("/own").statusCode()).isEqualTo(200);
        assertThat(mesh.get("/own").statusCode()).isEqualTo(429);
        assertThat(seen).hasSize(4);
    }

    // ---- compression

    private static final String GZIP = """
            {name: "gzip", typed_config: {"@type": "%scompressor.v3.Compressor", compressor_library: {name: "gzip",
              typed_config: {"@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip"}}}},
            """.formatted(TYPE);

    @Test
    void long_answers_are_compressed_for_those_who_take_it() throws Exception {
        serve(GZIP, TO_APP);
        HttpResponse<byte[]> compressed = mesh.client()
                .send(
                        HttpRequest.newBuilder(mesh.uri("/long"))
                                .header("accept-encoding", "gzip")
                                .timeout(TestMesh.TIMEOUT)
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
        assertThat(compressed.headers().firstValue("content-encoding")).hasValue("gzip");
        assertThat(compressed.headers().firstValue("vary")).hasValue("Accept-Encoding");
        assertThat(compressed.headers().firstValue("content-length")).isEmpty();
        assertThat(compressed.body().length).isLessThan(20_000);
        byte[] content = new GZIPInputStream(new ByteArrayInputStream(compressed.body())).readAllBytes();
        assertThat(new String(content, StandardCharsets.US_ASCII)).isEqualTo("0123456789".repeat(20_000));
        assertThat(mesh.get("/", "accept-encoding", "gzip").body()).isEqualTo("short");
        assertThat(mesh.get("/long").body()).hasSize(200_000);
    }

    // ---- a service that is asked in HTTP

    private static String authz(String more) {
        return """
            {name: "authz", typed_config: {"@type": "%sext_authz.v3.ExtAuthz", %s http_service: {
              server_uri: {uri: "http://authz", cluster: "authz", timeout: "5s"},
              authorization_response: {allowed_upstream_headers: {patterns: [{exact: "x-user"}]}}}}},
            """.formatted(TYPE, more);
    }

    private int checker() throws Exception {
        return mesh.backend(exchange -> {
            int asked = exchange.getRequestBody().readAllBytes().length;
            seen.add("asked " + exchange.getRequestURI() + " " + asked);
            switch (exchange.getRequestURI().getPath()) {
                case "/forbidden" -> reply(exchange, 403, "not you");
                case "/broken" -> reply(exchange, 500, "");
                default -> {
                    exchange.getResponseHeaders().set("x-user", "bob");
                    reply(exchange, 200, "");
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        /            | none                      | 200 | short   | asked / 0, / user=bob 7
        /forbidden   | none                      | 403 | not you | asked /forbidden 0
        /broken      | none                      | 403 | none    | asked /broken 0
        /broken      | status_on_error: {code: "ServiceUnavailable"}, | 503 | none | asked /broken 0
        /broken      | failure_mode_allow: true, | 200 | short   | asked /broken 0, /broken user=null 7
        /            | with_request_body: {max_request_bytes: 100},   | 200 | short | asked / 7, / user=bob 7
        /            | with_request_body: {max_request_bytes: 4, allow_partial_message: true}, | 200 | short | asked / 4, / user=bob 7
        /            | with_request_body: {max_request_bytes: 4},     | 413 | Payload Too Large | none
        """)
    void a_service_says_who_passes(String path, String config, int status, String body, String told) throws Exception {
        serve(authz(config == null ? "" : config), TO_APP, cluster("authz", "", checker()));
        HttpResponse<String> response = mesh.post(path, "content");
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).isEqualTo(body == null ? "" : body);
        assertThat(String.join(", ", seen)).isEqualTo(told == null ? "" : told);
    }

    /** Envoy documentation, ExtAuthz.clear_route_cache: only where the service changes the head. */
    @ParameterizedTest(name = "{1} {0}")
    @CsvSource(delimiter = '|', textBlock = """
        clear_route_cache: true,  | /          | 418
        clear_route_cache: false, | /          | 200
        clear_route_cache: true,  | /unchanged | 200
        """)
    void what_a_service_says_may_choose_the_route(String config, String path, int status) throws Exception {
        int checker = mesh.backend(exchange -> {
            if (!exchange.getRequestURI().getPath().equals("/unchanged")) {
                exchange.getResponseHeaders().set("x-user", "bob");
            }
            reply(exchange, 200, "");
        });
        serve(
                authz(config),
                "{match: {prefix: \"/\", headers: [{name: \"x-user\", string_match: {exact: \"bob\"}}]},"
                        + " direct_response: {status: 418}}, " + TO_APP,
                cluster("authz", "", checker));
        assertThat(mesh.get(path).statusCode()).isEqualTo(status);
    }

    @Test
    void a_long_request_waits_with_its_content() throws Exception {
        serve(
                authz("with_request_body: {max_request_bytes: 1000000, allow_partial_message: true},"),
                TO_APP,
                cluster("authz", "", checker()));
        assertThat(mesh.post("/", "x".repeat(3_000_000)).statusCode()).isEqualTo(200);
        assertThat(seen).containsExactly("asked / 1000000", "/ user=bob 3000000");
    }

    @Test
    void a_route_may_do_without() throws Exception {
        serve(authz(""), """
            {match: {prefix: "/forbidden"}, route: {cluster: "app"}, typed_per_filter_config: {authz: {
              "@type": "%sext_authz.v3.ExtAuthzPerRoute", disabled: true}}}, %s
            """.formatted(TYPE, TO_APP), cluster("authz", "", checker()));
        assertThat(mesh.get("/forbidden").statusCode()).isEqualTo(200);
        assertThat(seen).containsExactly("/forbidden user=null 0");
    }

    @Test
    void a_service_that_is_away_lets_nobody_pass() throws Exception {
        serve(authz(""), TO_APP, cluster("authz", "", 1));
        assertThat(mesh.get("/").statusCode()).isEqualTo(403);
        assertThat(seen).isEmpty();
    }

    // ---- a service that is asked in gRPC

    private static final class Checker extends AuthorizationGrpc.AuthorizationImplBase {
        private volatile CheckRequest asked = CheckRequest.getDefaultInstance();

        @Override
        public void check(CheckRequest request, StreamObserver<CheckResponse> answers) {
            asked = request;
            CheckResponse.Builder response = CheckResponse.newBuilder();
            if (request.getAttributes().getRequest().getHttp().getPath().equals("/forbidden")) {
                response.setStatus(Status.newBuilder().setCode(7))
                        .setDeniedResponse(DeniedHttpResponse.newBuilder()
                                .setStatus(HttpStatus.newBuilder().setCode(StatusCode.Unauthorized))
                                .setBody("not you"));
            } else {
                response.setStatus(Status.getDefaultInstance())
                        .setOkResponse(OkHttpResponse.newBuilder()
                                .addHeaders(HeaderValueOption.newBuilder()
                                        .setHeader(HeaderValue.newBuilder()
                                                .setKey("x-user")
                                                .setValue("bob"))));
            }
            answers.onNext(response.build());
            answers.onCompleted();
        }
    }

    @Test
    void a_service_says_it_in_grpc() throws Exception {
        Checker checker = new Checker();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(checker)
                .build()
                .start();
        try {
            serve("""
                    {name: "authz", typed_config: {"@type": "%sext_authz.v3.ExtAuthz", with_request_body: {
                      max_request_bytes: 100}, grpc_service: {timeout: "5s", envoy_grpc: {cluster_name: "authz"}}}},
                    """.formatted(TYPE), TO_APP, cluster("authz", "http2_protocol_options: {},", server.getPort()));
            assertThat(mesh.post("/", "content").statusCode()).isEqualTo(200);
            assertThat(seen).containsExactly("/ user=bob 7");
            assertThat(checker.asked.getAttributes().getRequest().getHttp().getBody())
                    .isEqualTo("content");
            HttpResponse<String> refused = mesh.get("/forbidden");
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.body()).isEqualTo("not you");
        } finally {
            server.shutdownNow();
        }
    }

    // ---- a service that is asked for limits

    /** Lets so many calls of each user pass, and tells of them. */
    private static final class Limits extends RateLimitServiceGrpc.RateLimitServiceImplBase {
        private final List<RateLimitRequest> asked = new CopyOnWriteArrayList<>();
        private final Map<String, Integer> calls = new ConcurrentHashMap<>();

        @Override
        public void shouldRateLimit(RateLimitRequest request, StreamObserver<RateLimitResponse> answers) {
            asked.add(request);
            String user = request.getDescriptors(0).getEntries(0).getValue();
            if (user.equals("silent")) {
                return;
            }
            int left = 2 - calls.merge(user, 1, Integer::sum);
            answers.onNext(RateLimitResponse.newBuilder()
                    .setOverallCode(left < 0 ? RateLimitResponse.Code.OVER_LIMIT : RateLimitResponse.Code.OK)
                    .addStatuses(RateLimitResponse.DescriptorStatus.newBuilder()
                            .setCurrentLimit(RateLimitResponse.RateLimit.newBuilder()
                                    .setRequestsPerUnit(2)
                                    .setUnit(RateLimitResponse.RateLimit.Unit.MINUTE))
                            .setLimitRemaining(Math.max(0, left))
                            .setDurationUntilReset(
                                    com.google.protobuf.Duration.newBuilder().setSeconds(30)))
                    .addRequestHeadersToAdd(
                            HeaderValue.newBuilder().setKey("x-user").setValue("limited " + user))
                    .build());
            answers.onCompleted();
        }
    }

    private static String asksForLimits(String more) {
        return """
            {name: "limits", typed_config: {"@type": "%sratelimit.v3.RateLimit", domain: "shop", %s
              enable_x_ratelimit_headers: "DRAFT_VERSION_03",
              rate_limit_service: {grpc_service: {envoy_grpc: {cluster_name: "limits"}}, transport_api_version: "V3"}}},
            """.formatted(TYPE, more);
    }

    private static final String BY_USER = """
            {match: {prefix: "/free"}, route: {cluster: "app"}},
            {match: {prefix: "/"}, route: {cluster: "app", rate_limits: [{actions: [
              {request_headers: {header_name: "user", descriptor_key: "user"}}, {destination_cluster: {}}]}]}}
            """;

    private static io.envoyproxy.envoy.config.cluster.v3.Cluster ofLimits(int port) {
        return cluster("limits", """
            typed_extension_protocol_options: {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: {http2_protocol_options: {}}}},""", port);
    }

    @Test
    void limits_of_a_service_hold() throws Exception {
        Limits limits = new Limits();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(limits)
                .build()
                .start();
        try {
            serve(asksForLimits("timeout: \"10s\","), BY_USER, ofLimits(server.getPort()));
            HttpResponse<String> first = mesh.get("/a", "user", "jane");
            assertThat(first.statusCode()).isEqualTo(200);
            assertThat(first.headers().firstValue("x-ratelimit-limit")).hasValue("2, 2;w=60");
            assertThat(first.headers().firstValue("x-ratelimit-remaining")).hasValue("1");
            assertThat(first.headers().firstValue("x-ratelimit-reset")).hasValue("30");
            assertThat(mesh.get("/b", "user", "jane").statusCode()).isEqualTo(200);
            HttpResponse<String> refused = mesh.get("/c", "user", "jane");
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("x-envoy-ratelimited")).hasValue("true");
            assertThat(refused.headers().firstValue("x-ratelimit-remaining")).hasValue("0");
            assertThat(mesh.get("/d", "user", "john").statusCode()).isEqualTo(200);
            assertThat(mesh.get("/free", "user", "jane").statusCode()).isEqualTo(200);
            assertThat(mesh.get("/nobody").statusCode())
                    .as("no descriptor, nobody asked")
                    .isEqualTo(200);
            assertThat(seen)
                    .containsExactly(
                            "/a user=limited jane 0",
                            "/b user=limited jane 0",
                            "/d user=limited john 0",
                            "/free user=null 0",
                            "/nobody user=null 0");
            assertThat(limits.asked).hasSize(4).allMatch(asked -> asked.getDomain()
                    .equals("shop"));
            assertThat(limits.asked.getFirst().getDescriptors(0).getEntries(1).getValue())
                    .isEqualTo("app");
        } finally {
            server.shutdownNow();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'', 200",
        "'failure_mode_deny: true,', 500",
        "'failure_mode_deny: true, status_on_error: {code: 503},', 503"
    })
    void a_service_of_limits_that_says_nothing(String mode, int status) throws Exception {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new Limits())
                .build()
                .start();
        try {
            serve(asksForLimits("timeout: \"0.2s\"," + mode), BY_USER, ofLimits(server.getPort()));
            assertThat(mesh.get("/", "user", "silent").statusCode()).isEqualTo(status);
        } finally {
            server.shutdownNow();
        }
        assertThat(mesh.get("/", "user", "jane").statusCode())
                .as("the service is gone")
                .isEqualTo(status);
    }
}
