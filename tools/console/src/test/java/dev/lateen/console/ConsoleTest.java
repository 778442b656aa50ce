package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.telemetry.MeshTraffic;
import dev.lateen.telemetry.PrometheusText;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConsoleTest {
    private final MeshTraffic traffic = new MeshTraffic(10);
    private final HttpClient client = HttpClient.newHttpClient();
    private Console console;

    @BeforeEach
    void open() throws IOException {
        console = new Console(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Console.Source(
                        traffic,
                        () -> new MeshWatch.State(1, 2, Set.of("default/b-istio"), List.of()),
                        () -> "{}",
                        new ControlHistory()::json,
                        () -> "{}",
                        _ -> "{}",
                        () -> "{}"),
                Console.Landing.MAP,
                ConsoleTest::verdict);
    }

    private static Authorizer.Verdict verdict(String token, String address) {
        assertThat(address).isEqualTo("127.0.0.1");
        return switch (token) {
            case "good" -> Authorizer.Verdict.ALLOWED;
            case "other" -> Authorizer.Verdict.FORBIDDEN;
            case "many" -> Authorizer.Verdict.TOO_MANY;
            case "late" -> throw new KubernetesClientException("no answer");
            default -> Authorizer.Verdict.NOT_KNOWN;
        };
    }

    @AfterEach
    void close() {
        console.close();
        client.close();
    }

    @ParameterizedTest(name = "{0} {1}: {2} {3}")
    @CsvSource({
        "GET, /, 200, text/html; charset=utf-8",
        "GET, /static/main.js, 200, text/javascript; charset=utf-8",
        "GET, /static/console.css, 200, text/css; charset=utf-8",
        "GET, /static/console.html, 404, text/plain; charset=utf-8",
        "GET, /static/../Console.class, 404, text/plain; charset=utf-8",
        "GET, /lib/cytoscape.js, 200, text/javascript; charset=utf-8",
        "GET, /lib/uplot.js, 200, text/javascript; charset=utf-8",
        "GET, /lib/uplot.css, 200, text/css; charset=utf-8",
        "GET, /dashboard/db/istio-dashboard, 200, text/html; charset=utf-8",
        "GET, /force/forcegraph.html, 200, text/html; charset=utf-8",
        "GET, /rules, 200, text/html; charset=utf-8",
        "GET, /requests, 200, text/html; charset=utf-8",
        "GET, /security, 200, text/html; charset=utf-8",
        "GET, /api/requests?pod=a/b&since=1, 200, application/json",
        "GET, /api/identities, 200, application/json",
        "GET, /api/security, 200, application/json",
        "GET, /api/rules, 200, application/json",
        "GET, /graph, 200, application/json",
        "GET, /dotviz, 200, text/vnd.graphviz; charset=utf-8",
        "GET, /api/traffic, 200, application/json",
        "GET, /api/traffic?at=0, 200, application/json",
        "GET, /api/traffic?at=noon, 400, text/plain; charset=utf-8",
        "GET, /api/series?seconds=600&service=web, 200, application/json",
        "GET, /api/series?seconds=1000000, 400, text/plain; charset=utf-8",
        "GET, /api/control, 200, application/json",
        "GET, /api/control/series?seconds=21600, 200, application/json",
        "GET, /api/control/series?seconds=21601, 400, text/plain; charset=utf-8",
        "GET, /etc/passwd, 404, text/plain; charset=utf-8",
        "POST, /api/traffic, 405, text/plain; charset=utf-8",
    })
    void pages(String method, String path, int status, String type) throws IOException, InterruptedException {
        HttpResponse<String> response = send(method, path);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("content-type")).hasValue(type);
        assertThat(response.headers().firstValue("content-security-policy"))
                .hasValueSatisfying(policy -> assertThat(policy).contains("default-src 'none'"));
    }

    /** {@code bWU6Z29vZA==} is {@code me:good}. */
    @ParameterizedTest(name = "{0} by {1} with {2}: {3}")
    @CsvSource(delimiter = '|', textBlock = """
        /api/requests   | localhost          |                       | 200
        /api/requests   | 127.0.0.1:20001    |                       | 200
        /api/rules      | [::1]:8088         |                       | 200
        /api/requests   | LocalHost:1        | Bearer bad            | 200
        /api/requests   | pages.example      |                       | 401
        /api/security   | 127.0.0.1.example  |                       | 401
        /api/identities | localhost.example  |                       | 401
        /api/rules      |                    |                       | 401
        /api/rules      | mesh.example       | Bearer bad            | 401
        /api/rules      | mesh.example       | Negotiate good        | 401
        /api/rules      | mesh.example       | Basic !               | 401
        /api/rules      | mesh.example       | Bearer other          | 403
        /api/rules      | mesh.example       | Bearer many           | 429
        /api/rules      | mesh.example       | Bearer late           | 503
        /api/rules      | mesh.example       | Bearer good           | 200
        /api/rules      | mesh.example       | Basic bWU6Z29vZA==    | 200
        /api/traffic    | mesh.example       |                       | 200
        /map            | mesh.example       |                       | 200
        """)
    void whatIsPrivate_isForThisMachine_orForAToken(String path, String host, String authorization, int status)
            throws IOException {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nconnection: close\r\n");
        if (host != null) {
            request.append("host: ").append(host).append("\r\n");
        }
        if (authorization != null) {
            request.append("authorization: ").append(authorization).append("\r\n");
        }
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), console.address().getPort())) {
            socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
            assertThat(answer.toLowerCase(Locale.ROOT).contains("\nwww-authenticate: basic "))
                    .isEqualTo(status == 401);
        }
    }

    private void carry(String source) {
        for (int second : new int[] {0, 10}) {
            traffic.add(
                    Instant.ofEpochSecond(second),
                    Map.of(
                            "proxy",
                            PrometheusText.read("istio_requests_total{reporter=\"source\",source_workload=\"" + source
                                    + "\",source_workload_namespace=\"default\",destination_service=\"web.default.svc\",destination_workload=\"web\","
                                    + "response_code=\"200\"} " + (5 + second))));
        }
    }

    @Test
    void trafficAsJson() throws IOException, InterruptedException {
        carry("a\\\"<b");
        assertThat(send("GET", "/api/traffic").body())
                .contains("\"source\":\"a\\\"<b\"", "\"total\":15", "\"perSecond\":1.0", "\"codes\":{\"200\":15}");
    }

    /** Whatever its name: by what runs in its pods. */
    @ParameterizedTest
    @CsvSource({"b-istio, true", "gateway-users, false"})
    void whichCallersAreGateways(String source, boolean gateway) throws IOException, InterruptedException {
        carry(source);
        assertThat(send("GET", "/api/traffic").body())
                .contains("\"source\":\"" + source + "\"", "\"fromGateway\":" + gateway);
    }

    @Test
    void theGraphHasTheEdgesThatCarriedSomething() throws IOException, InterruptedException {
        carry("client");
        assertThat(send("GET", "/graph").body())
                .isEqualTo("{\"nodes\":{\"client\":{},\"web\":{}},\"edges\":[{\"source\":\"client\","
                        + "\"target\":\"web\",\"labels\":{\"reqs/sec\":\"1.000\"}}]}");
        assertThat(send("GET", "/dotviz").body()).contains("\"client\" -> \"web\" [label=\"reqs/sec: 1.000\"];");
    }

    private HttpResponse<String> send(String method, String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + console.address().getPort() + path);
        HttpRequest request = HttpRequest.newBuilder(uri)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
