package dev.lateen.telemetry;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Reads the metrics pages of many proxies at once. Thread-safe; close it to free its connections. */
public final class MetricsScraper implements AutoCloseable {
    private final HttpClient client;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Duration timeout;

    /** A page that is not there after {@code timeout} is a failure of that page alone. */
    public MetricsScraper(Duration timeout) {
        this.timeout = timeout;
        client = HttpClient.newBuilder().connectTimeout(timeout).build();
    }

    /**
     * What one round brought.
     *
     * @param pages the pages that were read, by address
     * @param failures why each of the others was not, by address
     */
    public record Round(Map<URI, List<Sample>> pages, Map<URI, String> failures) {
        /** The pages by the text of their address. */
        public Map<String, List<Sample>> byName() {
            Map<String, List<Sample>> named = new LinkedHashMap<>();
            pages.forEach((address, page) -> named.put(address.toString(), page));
            return named;
        }
    }

    /** Reads all pages, waiting for the slowest, and never fails as a whole. */
    public Round scrape(List<URI> addresses) throws InterruptedException {
        Map<URI, Future<List<Sample>>> running = new LinkedHashMap<>();
        addresses.forEach(address -> running.put(address, threads.submit(() -> page(address))));
        Map<URI, List<Sample>> pages = new LinkedHashMap<>();
        Map<URI, String> failures = new LinkedHashMap<>();
        for (Map.Entry<URI, Future<List<Sample>>> entry : running.entrySet()) {
            try {
                pages.put(entry.getKey(), entry.getValue().get());
            } catch (ExecutionException e) {
                failures.put(entry.getKey(), String.valueOf(e.getCause()));
            }
        }
        return new Round(pages, failures);
    }

    private List<Sample> page(URI address) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address).timeout(timeout).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("answered " + response.statusCode());
        }
        return PrometheusText.read(response.body());
    }

    @Override
    public void close() {
        threads.shutdownNow();
        client.shutdownNow();
    }
}
