package dev.lateen.proxy.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.net.ManualTimer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients that mean no harm send is never too much. */
class FrameBudgetTest {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int PING = 6;
    private static final int WINDOW_UPDATE = 8;

    private final ManualTimer timer = new ManualTimer();
    private final FrameBudget budget = new FrameBudget(timer);

    private void came(int type, int times) {
        for (int i = 0; i < times; i++) {
            budget.came(type, type == DATA ? 100 : 8);
        }
    }

    @ParameterizedTest(name = "{0} at once, {1} s, {2} more: too many: {3}")
    @CsvSource({
        "1000, 0, 0, false",
        "1001, 0, 0, true",
        "1000, 1, 100, false",
        "1000, 1, 101, true",
        "1000, 3600, 1000, false",
        "1000, 3600, 1001, true",
        "0, 3600, 2000, false",
        "0, 3600, 2001, true",
    })
    void someAtOnce_andSomeEachSecond(int first, int seconds, int then, boolean exceeded) {
        came(PING, first);
        timer.advance(Duration.ofSeconds(seconds));
        came(PING, then);
        assertThat(budget.exceeded()).isEqualTo(exceeded);
    }

    @Test
    void aConnectionKeptAlive_forADay() {
        for (int i = 0; i < 86_400; i++) {
            timer.advance(Duration.ofSeconds(1));
            came(PING, 2);
        }
        assertThat(budget.exceeded()).isFalse();
    }

    /** Two windows for each frame of a download, and a probe of the way for each, all within one moment. */
    @ParameterizedTest(name = "frames of {0} bytes")
    @CsvSource({"16384", "1000", "100"})
    void aDownload(int frame) {
        for (int i = 0; i < 100_000; i++) {
            budget.sent(frame);
            came(WINDOW_UPDATE, 2);
            came(PING, 1);
        }
        assertThat(budget.exceeded()).isFalse();
    }

    @Test
    void anUpload_withAProbeForEachFrame() {
        came(HEADERS, 1);
        for (int i = 0; i < 100_000; i++) {
            came(DATA, 1);
            came(PING, 1);
        }
        assertThat(budget.exceeded()).isFalse();
    }

    @Test
    void whatWasEarned_isKept_upToABound() {
        came(HEADERS, 1_000_000);
        came(PING, FrameBudget.MOST);
        assertThat(budget.exceeded()).isFalse();
        came(PING, 1);
        assertThat(budget.exceeded()).isTrue();
    }
}
