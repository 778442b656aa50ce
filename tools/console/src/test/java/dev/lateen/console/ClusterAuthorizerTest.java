package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Beside an API that answers as authentication.k8s.io/v1 TokenReview and authorization.k8s.io/v1 SubjectAccessReview say. */
final class ClusterAuthorizerTest {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private HttpServer api;
    private KubernetesClient client;
    private Instant now = Instant.EPOCH;

    @BeforeEach
    void start() throws IOException {
        api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        api.createContext("/", this::answer);
        api.start();
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl("http://127.0.0.1:" + api.getAddress().getPort())
                .withRequestRetryBackoffLimit(0)
                .build();
        client = new KubernetesClientBuilder().withConfig(config).build();
    }

    @AfterEach
    void stop() {
        client.close();
        api.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            JsonNode review = JsonMapper.shared().readTree(exchange.getRequestBody());
            boolean token = exchange.getRequestURI().getPath().endsWith("/tokenreviews");
            JsonNode spec = review.path("spec");
            asked.add(token ? "token " + spec.path("token").asString("") : "access " + access(spec));
            ((ObjectNode) review).set("status", token ? tokenStatus(spec) : accessStatus(spec));
            byte[] body = review.toString().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(spec.path("token").asString("").equals("late") ? 500 : 201, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /** {@code NAME AUDIENCE} is a good token of this one for that. */
    private static ObjectNode tokenStatus(JsonNode spec) {
        String[] token = spec.path("token").asString("").split(" ", -1);
        ObjectNode status = JsonMapper.shared().createObjectNode();
        boolean good = token.length == 2
                && token[1].equals(spec.path("audiences").path(0).asString(""));
        if (good || token[0].equals("any")) {
            status.put("authenticated", true);
            status.putObject("user")
                    .put("username", token[0])
                    .putArray("groups")
                    .add("group-of-" + token[0]);
        }
        if (good) {
            status.putArray("audiences").add(token[1]);
        }
        return status;
    }

    private static ObjectNode accessStatus(JsonNode spec) {
        return JsonMapper.shared()
                .createObjectNode()
                .put("allowed", spec.path("user").asString("").equals("jane"));
    }

    private static String access(JsonNode spec) {
        JsonNode what = spec.path("resourceAttributes");
        return spec.path("user").asString("") + " of "
                + spec.path("groups").path(0).asString("") + ": "
                + what.path("verb").asString("") + " "
                + what.path("resource").asString("") + "/"
                + what.path("subresource").asString("") + " in "
                + what.path("namespace").asString("");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "jane lateen-console, ALLOWED",
        "joe lateen-console, FORBIDDEN",
        "jane istio-ca, NOT_KNOWN",
        "any, NOT_KNOWN",
        "nonsense, NOT_KNOWN",
    })
    void verdicts(String token, Authorizer.Verdict verdict) {
        assertThat(new ClusterAuthorizer(client, () -> now).of(token, "10.0.0.1"))
                .isEqualTo(verdict);
    }

    @Test
    void whoIsAllowedIsAskedAboutAgainAfterAWhile() {
        ClusterAuthorizer authorizer = new ClusterAuthorizer(client, () -> now);
        for (int seconds : new int[] {0, 29, 30}) {
            now = Instant.EPOCH.plusSeconds(seconds);
            assertThat(authorizer.of("jane lateen-console", "10.0.0.1")).isEqualTo(Authorizer.Verdict.ALLOWED);
        }
        assertThat(asked)
                .containsExactly(
                        "token jane lateen-console",
                        "access jane of group-of-jane: create pods/portforward in istio-system",
                        "token jane lateen-console",
                        "access jane of group-of-jane: create pods/portforward in istio-system");
    }

    @Test
    void whoIsRefusedIsAskedAboutAgainAfterAWhile() {
        ClusterAuthorizer authorizer = new ClusterAuthorizer(client, () -> now);
        for (int seconds : new int[] {0, 9, 10}) {
            now = Instant.EPOCH.plusSeconds(seconds);
            assertThat(authorizer.of("nonsense", "10.0.0.1")).isEqualTo(Authorizer.Verdict.NOT_KNOWN);
        }
        assertThat(asked).containsExactly("token nonsense", "token nonsense");
    }

    @Test
    void whoShowsManyTokensIsHeldUpAndNobodyElse() {
        ClusterAuthorizer authorizer = new ClusterAuthorizer(client, () -> now);
        for (int i = 0; i < 50; i++) {
            assertThat(authorizer.of("guess" + i, "10.0.0.1")).isEqualTo(Authorizer.Verdict.NOT_KNOWN);
        }
        assertThat(authorizer.of("jane lateen-console", "10.0.0.1")).isEqualTo(Authorizer.Verdict.TOO_MANY);
        assertThat(asked).hasSize(50);
        assertThat(authorizer.of("jane lateen-console", "10.0.0.2")).isEqualTo(Authorizer.Verdict.ALLOWED);
        assertThat(authorizer.of("jane lateen-console", "10.0.0.1")).isEqualTo(Authorizer.Verdict.ALLOWED);
    }

    @Test
    void anApiThatFails_isSaid() {
        assertThatThrownBy(() -> new ClusterAuthorizer(client, () -> now).of("late", "10.0.0.1"))
                .isInstanceOf(KubernetesClientException.class);
    }
}
