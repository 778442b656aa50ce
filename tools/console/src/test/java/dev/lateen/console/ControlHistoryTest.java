package dev.lateen.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lateen.telemetry.PrometheusText;
import dev.lateen.telemetry.Sample;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ControlHistoryTest {
    private final ControlHistory history = new ControlHistory();

    private void read(long second, double pushes, double cpu, int quick, int all) {
        history.add(Instant.ofEpochSecond(second), Map.of("istiod", page(pushes, cpu, quick, all)));
    }

    private static List<Sample> page(double pushes, double cpu, int quick, int all) {
        return PrometheusText.read("""
                pilot_xds_pushes{type="cds"} %1$s
                pilot_xds_pushes{type="eds"} 10
                pilot_total_xds_rejects{type="cds"} 3
                process_cpu_seconds_total %2$s
                process_resident_memory_bytes 2.5E8
                pilot_proxy_convergence_time_bucket{le="0.1"} %3$d
                pilot_proxy_convergence_time_bucket{le="0.5"} %4$d
                pilot_proxy_convergence_time_bucket{le="+Inf"} %4$d
                """.formatted(pushes, cpu, quick, all));
    }

    private JsonNode series(int seconds) {
        return JsonMapper.shared().readTree(history.json(Map.of("seconds", Integer.toString(seconds))));
    }

    private static double last(JsonNode series, String name) {
        JsonNode values = series.path(name);
        return values.path(values.size() - 1).asDouble(Double.NaN);
    }

    @Test
    void whatGrewBetweenReadings() {
        read(1000, 5, 1, 0, 0);
        read(1060, 11, 31, 6, 10);
        JsonNode series = series(3600);
        assertThat(series.path("time").size()).isEqualTo(60);
        assertThat(last(series, "time")).isEqualTo(1060);
        assertThat(last(series, "pushes")).isEqualTo(0.1);
        assertThat(last(series, "refused")).isZero();
        assertThat(last(series, "cpu")).isEqualTo(0.5);
        assertThat(last(series, "memory")).isEqualTo(250);
        // Six of ten within 100 ms: the fifth is at 5/6 of that; the last ones lie between 100 and 500 ms.
        assertThat(last(series, "p50")).isCloseTo(1000 * 0.1 * 5 / 6, within(1e-9));
        assertThat(last(series, "p99")).isCloseTo(1000 * (0.1 + 0.4 * 3.9 / 4), within(1e-9));
        assertThat(series.path("pushes").path(58).isNull()).isTrue();
    }

    @Test
    void aControlPlaneThatBeganAnew_isNoLoss() {
        read(1000, 500, 100, 50, 50);
        read(1060, 1, 1, 0, 0);
        JsonNode series = series(3600);
        assertThat(series.path("pushes").path(59).isNull()).isTrue();
        assertThat(series.path("cpu").path(59).isNull()).isTrue();
        assertThat(series.path("p99").path(59).isNull()).isTrue();
        assertThat(last(series, "memory")).isEqualTo(250);
    }

    @Test
    void anotherControlPlaneThatAnswers_isNoGrowth() {
        read(1000, 5, 1, 0, 0);
        history.add(Instant.ofEpochSecond(1060), Map.of("istiod", page(6, 2, 0, 0), "another", page(900, 90, 50, 50)));
        JsonNode series = series(3600);
        assertThat(series.path("pushes").path(59).isNull()).isTrue();
        assertThat(series.path("cpu").path(59).isNull()).isTrue();
        assertThat(series.path("p99").path(59).isNull()).isTrue();
        assertThat(last(series, "memory")).isEqualTo(500);
    }

    @Test
    void sixHoursAreKept_andWhatNobodyAnsweredIsNothing() {
        for (int second = 0; second <= 30_000; second += 2) {
            read(second, second, 0, 0, 0);
        }
        history.add(Instant.ofEpochSecond(30_002), Map.of());
        JsonNode series = series(21_600);
        assertThat(last(series, "time")).isEqualTo(30_000);
        for (int i = 1; i < 60; i++) {
            assertThat(series.path("pushes").path(i).asDouble(Double.NaN)).isCloseTo(1, within(1e-9));
        }
    }

    @Test
    void nothingIsKnownBeforeAReading() {
        assertThat(history.json(Map.of()))
                .isEqualTo("{\"time\":[],\"pushes\":[],\"refused\":[],\"p50\":[],\"p99\":[],\"cpu\":[],\"memory\":[]}");
    }
}
