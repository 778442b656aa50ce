package dev.lateen.config.shape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoDurationTest {
    @ParameterizedTest
    @CsvSource({
        "1s, PT1S",
        "1m30s, PT1M30S",
        "2.5s, PT2.5S",
        "100ms, PT0.1S",
        "0, PT0S",
        "0s, PT0S",
        "1h, PT1H",
        "7us, PT0.000007S",
        "7µs, PT0.000007S",
        "9ns, PT0.000000009S",
        ".5s, PT0.5S",
        "1.s, PT1S",
        "-3s, PT-3S"
    })
    void parses(String text, Duration duration) {
        assertThat(GoDuration.parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "s", "1 s", "1d", "1s1", "--1s", "1e3s", "9999999h", "."})
    void refuses(String text) {
        assertThatThrownBy(() -> GoDuration.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Property
    void readsWhatItWrites(@ForAll long nanos) {
        Duration duration = Duration.ofNanos(nanos == Long.MIN_VALUE ? 0 : nanos);
        assertThat(GoDuration.parse(GoDuration.format(duration))).isEqualTo(duration);
    }
}
