package dev.lateen.proxy.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Envoy's rule (runtime keys {@code overload.premature_reset_*}): half of the streams, when there were 500 or will be. */
class PrematureResetsTest {
    @ParameterizedTest(name = "{0} that end well, then {1} reset after {2} ms: too many: {3}")
    @CsvSource({
        "0, 249, 0, false",
        "0, 250, 0, true",
        "0, 250, 999, true",
        "0, 100000, 1000, false",
        "1000, 998, 0, false",
        "1000, 999, 0, true",
        "100000, 90000, 0, false",
    })
    void judged(int well, int reset, int millis, boolean expected) {
        PrematureResets resets = new PrematureResets();
        for (int i = 0; i < well; i++) {
            resets.ended();
        }
        boolean tooMany = false;
        for (int i = 0; i < reset && !tooMany; i++) {
            tooMany = resets.reset(millis * 1_000_000L);
            resets.ended();
        }
        assertThat(tooMany).isEqualTo(expected);
    }
}
