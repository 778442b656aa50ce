package dev.lateen.cli;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Pages that programs inside pods serve, read through the cluster's port-forward. */
final class AdminPages {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final KubernetesClient client;

    AdminPages(KubernetesClient client) {
        this.client = client;
    }

    /** A page of JSON. */
    JsonNode read(String namespace, String pod, int port, String path) throws IOException, CommandException {
        try {
            return JsonMapper.shared().readTree(text(namespace, pod, port, "GET", path));
        } catch (JacksonException e) {
            throw new CommandException("pod " + namespace + "/" + pod + " answers no JSON at port " + port + path + ": "
                    + e.getOriginalMessage());
        }
    }

    /** What is answered to a request without a body. */
    String text(String namespace, String pod, int port, String method, String path)
            throws IOException, CommandException {
        if (client.pods().inNamespace(namespace).withName(pod).get() == null) {
            throw new CommandException("there is no pod " + pod + " in namespace " + namespace);
        }
        try (LocalPortForward forward =
                        client.pods().inNamespace(namespace).withName(pod).portForward(port);
                HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + forward.getLocalPort() + path);
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(uri)
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .timeout(PATIENCE)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new CommandException("pod " + namespace + "/" + pod + " answers " + answer.statusCode()
                        + " at port " + port + path + ": " + answer.body().strip());
            }
            return answer.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted");
        }
    }
}
