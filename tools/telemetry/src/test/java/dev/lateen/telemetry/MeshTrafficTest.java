package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MeshTrafficTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private static List<Sample> page(String reporter, String source, String code, int requests) {
        return PrometheusText.read("""
                istio_requests_total{reporter="%s",source_workload="%s",destination_service="web.d",destination_workload="web",response_code="%s",connection_security_policy="mutual_tls"} %d
                """.formatted(reporter, source, code, requests));
    }

    @Test
    void aCallThatBothEndsTellOf_countsOnce_andIsSecuredAsItsReceiverSays() {
        MeshTraffic traffic = new MeshTraffic(10);
        traffic.add(
                START,
                List.of(
                        page("source", "client", "200", 30),
                        page("source", "client", "503", 10),
                        page("destination", "client", "200", 30)));
        assertThat(traffic.edges(Duration.ofMinutes(1))).singleElement().satisfies(carried -> {
            assertThat(carried.total()).isEqualTo(40);
            assertThat(carried.failed()).isEqualTo(10);
            assertThat(carried.codes()).containsEntry("200", 30L).containsEntry("503", 10L);
            assertThat(carried.mutualTls()).isTrue();
        });
    }

    @Test
    void aCallerWithoutProxy_isToldOfByItsReceiver() {
        MeshTraffic traffic = new MeshTraffic(10);
        traffic.add(START, List.of(page("destination", "unknown", "200", 7)));
        assertThat(traffic.edges(Duration.ofMinutes(1)))
                .singleElement()
                .satisfies(carried -> assertThat(carried.total()).isEqualTo(7));
    }

    @Test
    void keepsWithinItsBudgetAndCountsWhatItLeavesOut() {
        MeshTraffic traffic = new MeshTraffic(1);
        traffic.add(START, List.of(page("source", "a", "200", 1), page("source", "b", "200", 1)));
        assertThat(traffic.edges(Duration.ofMinutes(1))).hasSize(1);
        assertThat(traffic.dropped()).isEqualTo(1);
    }

    /** As histogram_quantile of Prometheus' documentation: linear within a bucket, the last finite bound at most. */
    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            0.5  | 0 10 10 | 15
            0.5  | 10 10 10 | 5
            0.99 | 0 0 10 | 20
            0.5  | 5 10 10 | 10
            0.9  | 5 10 10 | 18
            """)
    void quantiles(double quantile, String cumulated, double expected) {
        double[] counts = java.util.Arrays.stream(cumulated.split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertThat(MeshTraffic.quantile(quantile, new Double[] {10.0, 20.0, Double.POSITIVE_INFINITY}, counts))
                .isCloseTo(expected, within(1e-9));
    }
}
