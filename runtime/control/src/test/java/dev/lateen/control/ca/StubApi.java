package dev.lateen.control.ca;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** As much of a Kubernetes API as the authority asks: token reviews, and Secrets by name. */
final class StubApi implements AutoCloseable {
    /** What the API says of a token: user and audience; a user that is empty is refused. */
    record Review(String user, String audience) {}

    private static final JsonMapper JSON = new JsonMapper();
    /** Tokens that were asked about, one after the other. */
    final List<String> reviewed = new CopyOnWriteArrayList<>();

    /** Whether it does not let tokens be reviewed. */
    volatile boolean failing;

    final Map<String, Review> tokens = new ConcurrentHashMap<>();
    final Map<String, String> secrets = new ConcurrentHashMap<>();
    private final HttpServer server;

    StubApi() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    KubernetesClient client() {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                .build();
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String secret = path.substring(path.lastIndexOf('/') + 1);
        if (path.endsWith("/tokenreviews") && failing) {
            reply(exchange, 403, status(403));
        } else if (path.endsWith("/tokenreviews")) {
            reply(exchange, 201, review(JSON.readTree(body)).toString());
        } else if (exchange.getRequestMethod().equals("POST") && path.endsWith("/secrets")) {
            String name = JSON.readTree(body).path("metadata").path("name").asString();
            boolean fresh = secrets.putIfAbsent(name, body) == null;
            reply(exchange, fresh ? 201 : 409, fresh ? body : status(409));
        } else if (exchange.getRequestMethod().equals("PUT") && secrets.containsKey(secret)) {
            secrets.put(secret, body);
            reply(exchange, 200, body);
        } else if (secrets.containsKey(secret)) {
            reply(exchange, 200, secrets.get(secret));
        } else {
            reply(exchange, 404, status(404));
        }
    }

    private ObjectNode review(JsonNode request) {
        ObjectNode answer = JSON.createObjectNode();
        answer.put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenReview");
        ObjectNode status = answer.putObject("status");
        String token = request.path("spec").path("token").asString();
        reviewed.add(token);
        Review known = tokens.getOrDefault(token, new Review("", ""));
        boolean asked = request.path("spec").path("audiences").valueStream().anyMatch(audience -> audience.asString()
                .equals(known.audience()));
        status.put("authenticated", asked && !known.user().isEmpty());
        status.putObject("user").put("username", known.user());
        status.putArray("audiences").add(known.audience());
        return answer;
    }

    private static String status(int code) {
        return "{\"apiVersion\":\"v1\",\"kind\":\"Status\",\"status\":\"Failure\",\"code\":" + code + "}";
    }

    private static void reply(HttpExchange exchange, int status, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
