package dev.lateen.ops;

import dev.lateen.telemetry.MetricsScraper;
import dev.lateen.telemetry.Sample;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The metrics pages of proxies, read once.
 *
 * @param pages by {@code NAMESPACE/POD}
 * @param failures why the others were not read, by the same
 */
public record ProxyMetrics(Map<String, List<Sample>> pages, Map<String, String> failures) {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Reads the pages of all these pods; one that does not answer, or has no metrics of Istio, fails by itself. */
    public static ProxyMetrics read(KubernetesClient client, List<Pod> pods) throws IOException, InterruptedException {
        try (MetricsScraper scraper = new MetricsScraper(PATIENCE);
                MetricsForwards forwards = new MetricsForwards(client)) {
            Map<String, URI> addresses = forwards.addresses(pods);
            return of(addresses, scraper.scrape(List.copyOf(addresses.values())));
        }
    }

    static ProxyMetrics of(Map<String, URI> addresses, MetricsScraper.Round round) {
        Map<String, List<Sample>> pages = new LinkedHashMap<>();
        Map<String, String> failures = new LinkedHashMap<>();
        addresses.forEach((pod, address) -> {
            List<Sample> samples = round.pages().get(address);
            if (samples == null) {
                failures.put(pod, round.failures().getOrDefault(address, "not read"));
            } else if (samples.stream().noneMatch(sample -> sample.name().startsWith("istio_"))) {
                failures.put(pod, "it counts no calls as Istio does (a stock Envoy)");
            } else {
                pages.put(pod, samples);
            }
        });
        return new ProxyMetrics(pages, failures);
    }
}
