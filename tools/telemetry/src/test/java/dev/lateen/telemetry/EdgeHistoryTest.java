package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EdgeHistoryTest {
    private final EdgeHistory history = new EdgeHistory();

    private static Counts requests(long count) {
        Counts counts = new Counts();
        counts.add(Counts.REQUESTS, count);
        return counts;
    }

    private void read(long second, long count) {
        history.add(Instant.ofEpochSecond(second), requests(count));
    }

    private Counts between(long from, long to) {
        return history.between(from * 1000, to * 1000);
    }

    /** Ten requests a second for 1,000 seconds, then nothing until 2,000. */
    @ParameterizedTest(name = "from {0} to {1}: {2} requests")
    @CsvSource({
        "0, 1000, 10000",
        "900, 960, 600",
        "1940, 2000, 0",
        "960, 1020, 400",
        // Beyond five minutes of readings, one a minute is known.
        "120, 180, 600",
        "2000, 3000, 0",
        "-100, -50, 0",
    })
    void increases(long from, long to, long expected) {
        for (long second = 0; second <= 2000; second += 2) {
            read(second, Math.min(second, 1000) * 10);
        }
        assertThat(between(from, to).at(Counts.REQUESTS)).isEqualTo(expected);
    }

    @Test
    void aRateIsOfTheTimeThatWasSeen() {
        read(0, 5);
        read(10, 15);
        assertThat(between(-50, 10).perSecond(Counts.REQUESTS)).isEqualTo(1.0, within(1e-9));
    }

    @Test
    void whereNothingMoved_aRateIsOfTheTimeSinceItsBeginning() {
        for (long second = 0; second <= 100; second += 2) {
            read(second, 7);
        }
        read(102, 67);
        assertThat(between(42, 102).perSecond(Counts.REQUESTS)).isEqualTo(1.0, within(1e-9));
    }

    @Test
    void whenCountsFall_theHistoryBeginsAnew() {
        read(0, 100);
        read(2, 200);
        read(4, 50);
        read(6, 60);
        assertThat(between(0, 6).at(Counts.REQUESTS)).isEqualTo(10);
    }

    /** Room for a column is made when it first counts something; what was before is zero. */
    @Test
    void columnsThatComeLater() {
        for (long second = 0; second <= 400; second += 2) {
            Counts counts = requests(second);
            counts.add(Counts.FAILED, Math.max(0, second - 350));
            counts.add(Counts.COLUMNS - 1, second < 100 ? 0 : 7);
            history.add(Instant.ofEpochSecond(second), counts);
        }
        assertThat(between(340, 400).at(Counts.FAILED)).isEqualTo(50);
        assertThat(between(340, 400).at(Counts.REQUESTS)).isEqualTo(60);
        assertThat(between(0, 400).at(Counts.COLUMNS - 1)).isEqualTo(7);
        assertThat(between(0, 400).at(Counts.PLAIN)).isZero();
    }

    @Test
    void countsBeyond32Bits() {
        read(0, 0xffff_fff0L);
        read(2, 0x1_0000_0010L);
        assertThat(between(0, 2).at(Counts.REQUESTS)).isEqualTo(0x20);
    }
}
