package dev.lateen.config.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KeyedRateTest {
    private static final Instant START = Instant.parse("2026-11-27T08:00:00Z");

    private final KeyedRate rate = new KeyedRate(3, Duration.ofSeconds(1), 2);

    private int taken(String key, Instant at) {
        int taken = 0;
        while (rate.take(key, at)) {
            taken++;
        }
        return taken;
    }

    @ParameterizedTest(name = "{0} ms after three at once: {1}")
    @CsvSource({"0, 0", "999, 0", "1000, 1", "2500, 2", "3000, 3", "3600000, 3", "-3600000, 0"})
    void comesBackWithTime(long millis, int more) {
        assertThat(taken("a", START)).isEqualTo(3);
        assertThat(taken("a", START.plusMillis(millis))).isEqualTo(more);
    }

    @Test
    void aClockThatIsSetBackShutsNobodyOut() {
        Instant before = START.minus(Duration.ofHours(1));
        assertThat(taken("a", START)).isEqualTo(3);
        assertThat(taken("a", before)).isZero();
        assertThat(taken("a", before.plusSeconds(2))).isEqualTo(2);
    }

    @Test
    void eachKeyHasItsOwn() {
        assertThat(taken("a", START)).isEqualTo(3);
        assertThat(taken("b", START)).isEqualTo(3);
    }

    @Test
    void keysBeyondShareOneBucketUntilAnotherIsFullAgain() {
        assertThat(taken("a", START)).isEqualTo(3);
        assertThat(taken("b", START.plusSeconds(1))).isEqualTo(3);
        assertThat(taken("c", START.plusSeconds(1))).isEqualTo(3);
        assertThat(taken("d", START.plusSeconds(1))).isZero();
        assertThat(taken("a", START.plusSeconds(2)))
                .as("known ones keep theirs")
                .isEqualTo(2);
        assertThat(taken("d", START.plusSeconds(9))).isEqualTo(3);
        assertThat(taken("e", START.plusSeconds(9))).isEqualTo(3);
    }
}
