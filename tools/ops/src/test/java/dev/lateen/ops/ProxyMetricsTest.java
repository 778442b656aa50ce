package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.telemetry.MetricsScraper;
import dev.lateen.telemetry.Sample;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProxyMetricsTest {
    @Test
    void aProxyWithoutMetricsOfIstioFailsByItself() {
        URI ours = URI.create("http://127.0.0.1:1/");
        URI envoy = URI.create("http://127.0.0.1:2/");
        URI away = URI.create("http://127.0.0.1:3/");
        List<Sample> page = List.of(new Sample("istio_requests_total", Map.of(), 1));
        ProxyMetrics metrics = ProxyMetrics.of(
                Map.of("d/ours", ours, "d/envoy", envoy, "d/away", away),
                new MetricsScraper.Round(
                        Map.of(ours, page, envoy, List.of(new Sample("envoy_server_live", Map.of(), 1))),
                        Map.of(away, "refused")));
        assertThat(metrics.pages()).isEqualTo(Map.of("d/ours", page));
        assertThat(metrics.failures())
                .isEqualTo(Map.of("d/envoy", "it counts no calls as Istio does (a stock Envoy)", "d/away", "refused"));
    }
}
