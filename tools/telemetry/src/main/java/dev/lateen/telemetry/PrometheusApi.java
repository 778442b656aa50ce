package dev.lateen.telemetry;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks a Prometheus for what it has read of proxies (Prometheus documentation, "HTTP API", v1): their pages, as they were
 * at a time, by label {@code instance}. An answer of more than 64 MiB is an error. Thread-safe; close it to free its
 * connections.
 */
public final class PrometheusApi implements AutoCloseable {
    private static final int LARGEST = 64 << 20;

    /** What {@link MeshTraffic} counts; of histograms, which are most of it, no more labels than it knows. */
    private static final String TRAFFIC =
            "{__name__=~\"istio_requests_total|istio_tcp_connections_opened_total\"} or sum by (__name__,instance,reporter,le,"
                    + String.join(",", Edge.LABELS)
                    + ") ({__name__=~\"istio_(request_duration_milliseconds|request_bytes|response_bytes)_bucket\"})";

    private final URI server;
    private final Duration timeout;
    private final HttpClient client;

    /**
     * @param server such as {@code http://prometheus.monitoring:9090}, with the path under which it serves where it has one
     * @param timeout of a question
     */
    public PrometheusApi(URI server, Duration timeout) {
        this.server = server;
        this.timeout = timeout;
        client = HttpClient.newBuilder().connectTimeout(timeout).build();
    }

    /**
     * The pages as Prometheus has them now: no older than its look-back of five minutes.
     *
     * @throws IOException when it does not answer, or with an error of its own
     */
    public Map<String, List<Sample>> now() throws IOException, InterruptedException {
        Map<String, List<Sample>> pages = new LinkedHashMap<>();
        for (JsonNode series : ask("query", Map.of("query", TRAFFIC))) {
            add(pages, series.path("metric"), series.path("value").path(1));
        }
        return pages;
    }

    /**
     * The pages as they were, at every {@code step} from one time to the other, the oldest first; times without any are
     * left out.
     *
     * @throws IOException as {@link #now}
     */
    public Map<Instant, Map<String, List<Sample>>> between(Instant from, Instant to, Duration step)
            throws IOException, InterruptedException {
        Map<Instant, Map<String, List<Sample>>> all = new TreeMap<>();
        Map<String, String> question = Map.of(
                "query", TRAFFIC,
                "start", Long.toString(from.getEpochSecond()),
                "end", Long.toString(to.getEpochSecond()),
                "step", Long.toString(step.toSeconds()));
        for (JsonNode series : ask("query_range", question)) {
            for (JsonNode value : series.path("values")) {
                Instant time = Instant.ofEpochMilli(Math.round(value.path(0).asDouble() * 1000));
                add(all.computeIfAbsent(time, _ -> new LinkedHashMap<>()), series.path("metric"), value.path(1));
            }
        }
        return all;
    }

    private static void add(Map<String, List<Sample>> pages, JsonNode metric, JsonNode value) {
        Map<String, String> labels = new LinkedHashMap<>();
        metric.properties()
                .forEach(label -> labels.put(label.getKey(), label.getValue().asString("")));
        String name = labels.getOrDefault("__name__", "");
        pages.computeIfAbsent(labels.getOrDefault("instance", ""), _ -> new ArrayList<>())
                .add(new Sample(name, labels, number(value.asString("NaN"))));
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private JsonNode ask(String question, Map<String, String> parameters) throws IOException, InterruptedException {
        List<String> form = new ArrayList<>();
        parameters.forEach((name, value) -> form.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8)));
        String base = server.toString().replaceFirst("/+$", "");
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + "/api/v1/" + question))
                .header("content-type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(String.join("&", form)))
                .timeout(timeout)
                .build();
        HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            byte[] body = in.readNBytes(LARGEST + 1);
            if (body.length > LARGEST) {
                throw new IOException(server + " answers with more than " + (LARGEST >> 20) + " MiB");
            }
            JsonNode answer = JsonMapper.shared().readTree(body);
            if (!answer.path("status").asString("").equals("success")) {
                throw new IOException(server + " answers " + response.statusCode() + ": "
                        + answer.path("error").asString("no answer of a Prometheus"));
            }
            return answer.path("data").path("result");
        } catch (JacksonException e) {
            throw new IOException(server + " answers " + response.statusCode() + ", and not with JSON", e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
