package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ServiceTrafficTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private static List<Sample> page(int ok, int failed) {
        return PrometheusText.read("""
                istio_requests_total{reporter="source",source_workload="client",destination_service="web",response_code="200"} %d
                istio_requests_total{reporter="source",source_workload="client",destination_service="web",response_code="503"} %d
                istio_requests_total{reporter="destination",source_workload="client",destination_service="web",response_code="200"} 999
                """.formatted(ok, failed));
    }

    @Test
    void sumsProxiesAndCountsEachCallOnce() {
        ServiceTraffic traffic = new ServiceTraffic(10);
        traffic.add(START, List.of(page(0, 0), page(5, 5)));
        traffic.add(START.plusSeconds(10), List.of(page(30, 10), page(65, 5)));
        assertThat(traffic.rates(Duration.ofMinutes(1)))
                .containsExactly(new ServiceTraffic.Rate(new ServiceTraffic.Edge("client", "web"), 10, 0.1));
    }

    @Test
    void keepsWithinItsBudgetAndCountsWhatItLeavesOut() {
        ServiceTraffic traffic = new ServiceTraffic(0);
        traffic.add(START, List.of(page(1, 1)));
        assertThat(traffic.rates(Duration.ofMinutes(1))).isEmpty();
        assertThat(traffic.dropped()).isEqualTo(1);
    }

    @ParameterizedTest(name = "{0} over {1} s: {2}/s")
    @CsvSource(delimiter = '|', textBlock = """
                    0 10 20 30    | 60 | 1
                    0 10 20 30    | 10 | 1
                    30 0 10       | 60 | 0.5
                    5             | 60 | 0
                    7 7 7         | 60 | 0
                    100 200 0 100 | 60 | 6.666666666666667
                    """)
    void ratesSurviveRestarts(String values, int window, double perSecond) {
        TimeSeries series = new TimeSeries(100);
        Instant time = START;
        for (String value : values.split(" ")) {
            series.add(time, Double.parseDouble(value));
            series.add(time, 12345);
            time = time.plusSeconds(10);
        }
        assertThat(series.rate(Duration.ofSeconds(window))).isEqualTo(perSecond);
    }

    @Test
    void aRingForgetsTheOldest() {
        TimeSeries series = new TimeSeries(3);
        for (int i = 0; i < 10; i++) {
            series.add(START.plusSeconds(i), i * i);
        }
        assertThat(series.size()).isEqualTo(3);
        assertThat(series.last()).isEqualTo(81);
        assertThat(series.rate(Duration.ofHours(1))).isEqualTo((81 - 49) / 2.0);
    }
}
