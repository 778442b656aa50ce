package dev.lateen.ops;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Pages that programs inside pods serve, read through the cluster's port-forward; 20 s for each. Thread-safe. */
public final class PodPages {
    /** The admin interface of a proxy, ours or Envoy's. */
    public static final int PROXY_ADMIN_PORT = 15000;

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final KubernetesClient client;

    public PodPages(KubernetesClient client) {
        this.client = client;
    }

    /** A page of JSON. */
    public JsonNode json(ObjectName pod, int port, String path) throws IOException, OperationException {
        try {
            return JsonMapper.shared().readTree(text(pod, port, "GET", path));
        } catch (JacksonException e) {
            throw new OperationException(
                    shown(pod) + " answers no JSON at port " + port + path + ": " + e.getOriginalMessage());
        }
    }

    /** What is answered to a request without a body. */
    public String text(ObjectName pod, int port, String method, String path) throws IOException, OperationException {
        return body(pod, port, path, answer(pod, port, method, path));
    }

    /** What a GET is answered; empty where there is no such page. */
    public Optional<String> find(ObjectName pod, int port, String path) throws IOException, OperationException {
        HttpResponse<String> answer = answer(pod, port, "GET", path);
        return answer.statusCode() == HttpURLConnection.HTTP_NOT_FOUND
                ? Optional.empty()
                : Optional.of(body(pod, port, path, answer));
    }

    private static String body(ObjectName pod, int port, String path, HttpResponse<String> answer)
            throws OperationException {
        if (answer.statusCode() != HttpURLConnection.HTTP_OK) {
            throw new OperationException(shown(pod) + " answers " + answer.statusCode() + " at port " + port + path
                    + ": " + answer.body().strip());
        }
        return answer.body();
    }

    private HttpResponse<String> answer(ObjectName pod, int port, String method, String path)
            throws IOException, OperationException {
        var found = client.pods().inNamespace(pod.namespace()).withName(pod.name());
        if (found.get() == null) {
            throw new OperationException("there is no pod " + pod.name() + " in namespace " + pod.namespace());
        }
        try (LocalPortForward forward = found.portForward(port);
                HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + forward.getLocalPort() + path);
            return http.send(
                    HttpRequest.newBuilder(uri)
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .timeout(PATIENCE)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OperationException("interrupted");
        }
    }

    private static String shown(ObjectName pod) {
        return "pod " + pod.namespace() + "/" + pod.name();
    }
}
