package dev.lateen.console;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Certificates of the proxies, and what they refused and why: asked for when somebody looks, at most every few seconds.
 * Thread-safe.
 */
public final class Security {
    private static final Duration FRESH = Duration.ofSeconds(10);
    private static final int MOST_PODS = 200;
    private static final int MOST_DENIALS = 200;

    private final KubernetesClient client;
    private final InstantSource clock;
    private Instant read = Instant.EPOCH;
    private String answer = "";

    private record Told(String pod, JsonNode certificates, JsonNode decisions) {}

    public Security(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    /**
     * {@code {"certificates":[{"pod","identity","issued","expires"}],"denials":[{"pod","id","at","subject","reasons"}],
     * "problems":[…]}}.
     */
    synchronized String json() {
        Instant now = clock.instant();
        if (answer.isEmpty() || read.plus(FRESH).isBefore(now)) {
            answer = ask();
            read = now;
        }
        return answer;
    }

    private String ask() {
        List<Told> told = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        try (HttpClient http = HttpClient.newHttpClient();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<String, Pod> pods = ProxyPods.running(client);
            if (pods.size() > MOST_PODS) {
                problems.add("only " + MOST_PODS + " of " + pods.size() + " proxies are asked");
            }
            List<Future<Told>> running = pods.entrySet().stream()
                    .limit(MOST_PODS)
                    .map(pod -> threads.submit(() -> ask(http, pod.getKey(), pod.getValue())))
                    .toList();
            for (Future<Told> one : running) {
                try {
                    told.add(one.get());
                } catch (ExecutionException e) {
                    Throwable cause = e.getCause();
                    problems.add(String.valueOf(cause == null ? e.getMessage() : cause.getMessage()));
                }
            }
        } catch (KubernetesClientException e) {
            problems.add("the cluster does not say which pods there are: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problems.add("interrupted");
        }
        return json(told, problems);
    }

    private Told ask(HttpClient http, String name, Pod pod) throws IOException, InterruptedException {
        try (LocalPortForward forward = ProxyPods.forward(client, pod)) {
            return new Told(
                    name,
                    JsonMapper.shared().readTree(ProxyPods.read(http, forward, "/certs")),
                    JsonMapper.shared().readTree(ProxyPods.read(http, forward, "/decisions?format=json")));
        } catch (IOException | JacksonException | KubernetesClientException e) {
            throw new IOException("proxy of " + name + " does not tell: " + e.getMessage(), e);
        }
    }

    private static String json(List<Told> all, List<String> problems) {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        ArrayNode certificates = json.putArray("certificates");
        List<ObjectNode> denials = new ArrayList<>();
        for (Told told : all) {
            for (JsonNode certificate : told.certificates().path("certificates")) {
                JsonNode own = certificate.path("cert_chain").path(0);
                certificates
                        .addObject()
                        .put("pod", told.pod())
                        .put(
                                "identity",
                                own.path("subject_alt_names")
                                        .path(0)
                                        .path("uri")
                                        .asString(""))
                        .put("issued", own.path("valid_from").asString(""))
                        .put("expires", own.path("expiration_time").asString(""));
            }
            for (JsonNode decision : told.decisions().path("decisions")) {
                if (decision instanceof ObjectNode one) {
                    denials.add(one.put("pod", told.pod()));
                }
            }
        }
        ArrayNode array = json.putArray("denials");
        denials.stream()
                .sorted(Comparator.comparing((ObjectNode one) -> one.path("at").asString(""))
                        .reversed())
                .limit(MOST_DENIALS)
                .forEach(array::add);
        ArrayNode said = json.putArray("problems");
        problems.forEach(said::add);
        return json.toString();
    }
}
