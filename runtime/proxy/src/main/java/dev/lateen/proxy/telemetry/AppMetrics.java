package dev.lateen.proxy.telemetry;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The application's own page of metrics, which the agent's page carries beside the proxy's (Istio documentation,
 * "Metrics merging"): where it is stands in the pod's annotations {@code prometheus.io/*} before injection. An
 * application that does not answer costs its own metrics alone, and is counted. Thread-safe; blocks.
 */
public final class AppMetrics implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int LARGEST = 16 << 20;

    private final @Nullable URI page;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final LongAdder scrapes = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /**
     * @param annotations value of ISTIO_PROMETHEUS_ANNOTATIONS: {@code {"scrape":"true","path":…,"port":…}}, or empty
     * @throws IllegalArgumentException when it is not that
     */
    public AppMetrics(String annotations) {
        page = annotations.isEmpty() ? null : page(annotations);
    }

    private static @Nullable URI page(String annotations) {
        try {
            Struct.Builder json = Struct.newBuilder();
            JsonFormat.parser().merge(annotations, json);
            if (!text(json, "scrape", "").equals("true")) {
                return null;
            }
            String path = text(json, "path", "/metrics");
            return URI.create(
                    "http://127.0.0.1:" + text(json, "port", "80") + (path.startsWith("/") ? path : "/" + path));
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "ISTIO_PROMETHEUS_ANNOTATIONS is not what injection writes: " + annotations + " (" + e.getMessage()
                            + ")",
                    e);
        }
    }

    private static String text(Struct.Builder json, String field, String otherwise) {
        String text = json.getFieldsOrDefault(field, Value.getDefaultInstance()).getStringValue();
        return text.isEmpty() ? otherwise : text;
    }

    /** The application's page, or nothing; ends with what was counted of asking for it. */
    public String page() throws InterruptedException {
        if (page == null) {
            return "";
        }
        scrapes.increment();
        String text = "";
        try {
            text = read(page);
        } catch (IOException e) {
            failures.increment();
        }
        return text + (text.isEmpty() || text.endsWith("\n") ? "" : "\n")
                + "# TYPE istio_agent_scrapes_total counter\nistio_agent_scrapes_total " + scrapes.sum()
                + "\n# TYPE istio_agent_scrape_failures_total counter\n"
                + "istio_agent_scrape_failures_total{type=\"application\"} " + failures.sum() + "\n";
    }

    private String read(URI address) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address).timeout(PATIENCE).build();
        HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            byte[] bytes = in.readNBytes(LARGEST + 1);
            if (response.statusCode() != 200 || bytes.length > LARGEST) {
                throw new IOException(
                        address + " answered " + response.statusCode() + " and " + bytes.length + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
