package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Prometheus' text format, histograms: buckets are cumulated, the last one is without bound. */
final class MetricHistogramTest {
    @Test
    void bucketsAreCumulatedByLabel() {
        MetricHistogram histogram = new MetricHistogram("size_bytes", 1, 10);
        histogram.record("type=\"cds\"", 1);
        histogram.record("type=\"cds\"", 5);
        histogram.record("type=\"cds\"", 50);
        histogram.record("", 2);
        StringBuilder text = new StringBuilder();
        histogram.write(text);
        assertThat(text.toString()).isEqualTo("""
                # TYPE size_bytes histogram
                size_bytes_bucket{le="1.0"} 0
                size_bytes_bucket{le="10.0"} 1
                size_bytes_bucket{le="+Inf"} 1
                size_bytes_sum 2.0
                size_bytes_count 1
                size_bytes_bucket{type="cds",le="1.0"} 1
                size_bytes_bucket{type="cds",le="10.0"} 2
                size_bytes_bucket{type="cds",le="+Inf"} 3
                size_bytes_sum{type="cds"} 56.0
                size_bytes_count{type="cds"} 3
                """);
    }
}
