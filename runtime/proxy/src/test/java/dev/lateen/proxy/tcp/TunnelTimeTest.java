package dev.lateen.proxy.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxycore.listener.MetricRules;
import dev.lateen.proxycore.listener.TcpProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TunnelTimeTest {
    @ParameterizedTest(name = "silence {0} s, age {1} s, bytes at {2} s: {3}")
    @CsvSource(nullValues = "none", textBlock = """
            60, none, none, silent at 60
            60, none, 59,   silent at 119
            60, none, 1,    silent at 61
            60, 90,   59,   old at 90
            60, 30,   none, old at 30
            0,  none, none, nothing
            0,  100,  none, old at 100
            0,  0,    none, nothing
            """)
    void aConnectionEnds_whenNothingPasses_orItIsTooOld(
            long idle, @Nullable Long most, @Nullable Long touched, String expected) {
        ManualTimer timer = new ManualTimer();
        List<String> ends = new ArrayList<>();
        long[] second = new long[1];
        TunnelTime[] time = new TunnelTime[1];
        TcpProxy config = new TcpProxy(
                "t",
                List.of(),
                Duration.ofSeconds(idle),
                most == null ? null : Duration.ofSeconds(most),
                1,
                false,
                null,
                null,
                List.of(),
                MetricRules.NONE);
        time[0] = new TunnelTime(
                timer, config, () -> end(ends, time, "silent", second), () -> end(ends, time, "old", second));
        for (second[0] = 1; second[0] <= 1000; second[0]++) {
            timer.advance(Duration.ofSeconds(1));
            if (touched != null && second[0] == touched) {
                time[0].touch();
            }
        }
        assertThat(ends.isEmpty() ? "nothing" : String.join(" ", ends)).isEqualTo(expected);
        assertThat(timer.waiting()).isZero();
    }

    private static void end(List<String> ends, TunnelTime[] time, String what, long[] second) {
        ends.add(what + " at " + second[0]);
        time[0].end();
    }
}
