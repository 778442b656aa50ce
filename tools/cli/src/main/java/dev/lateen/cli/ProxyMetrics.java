package dev.lateen.cli;

import dev.lateen.telemetry.MetricsScraper;
import dev.lateen.telemetry.Sample;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The metrics pages of proxies, read once. */
final class ProxyMetrics {
    static final int PORT = 15090;
    static final String PAGE = "/stats/prometheus";
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private ProxyMetrics() {}

    /**
     * What was read.
     *
     * @param pages by {@code NAMESPACE/POD}
     * @param failures why the others were not, by the same
     */
    record Read(Map<String, List<Sample>> pages, Map<String, String> failures) {}

    /** Reads the pages of all these pods; one that does not answer, or has no metrics of Istio, fails by itself. */
    static Read read(KubernetesClient client, List<Pod> pods) throws IOException, InterruptedException {
        Map<URI, String> names = new LinkedHashMap<>();
        Map<String, LocalPortForward> forwards = new LinkedHashMap<>();
        try (MetricsScraper scraper = new MetricsScraper(PATIENCE)) {
            for (Pod pod : pods) {
                String name = MeshPods.name(pod);
                LocalPortForward forward = client.pods()
                        .inNamespace(pod.getMetadata().getNamespace())
                        .withName(pod.getMetadata().getName())
                        .portForward(PORT);
                forwards.put(name, forward);
                names.put(URI.create("http://127.0.0.1:" + forward.getLocalPort() + PAGE), name);
            }
            MetricsScraper.Round round = scraper.scrape(List.copyOf(names.keySet()));
            Map<String, List<Sample>> pages = new LinkedHashMap<>();
            Map<String, String> failures = new LinkedHashMap<>();
            names.forEach((page, name) -> {
                List<Sample> samples = round.pages().get(page);
                if (samples == null) {
                    failures.put(name, round.failures().getOrDefault(page, "not read"));
                } else if (samples.stream().noneMatch(sample -> sample.name().startsWith("istio_"))) {
                    failures.put(name, "it counts no calls as Istio does (a stock Envoy)");
                } else {
                    pages.put(name, samples);
                }
            });
            return new Read(pages, failures);
        } finally {
            for (LocalPortForward forward : forwards.values()) {
                forward.close();
            }
        }
    }
}
