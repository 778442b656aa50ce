package dev.lateen.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
    @ParameterizedTest
    @CsvSource({
        // in a second, its number, nanoseconds after the start
        "1, 0, 0",
        "1, 1, 1000000000",
        "1000, 7, 7000000",
        "3, 1, 333333333",
        "3, 3, 1000000000",
        "0.5, 1, 2000000000",
    })
    void dueAtAFixedRate(double perSecond, long number, long after) {
        assertThat(new Schedule(500, perSecond).due(number)).isEqualTo(500 + after);
    }

    @ParameterizedTest
    @CsvSource({
        // in a second, nanoseconds after the start, how many are due
        "1, -1, 0",
        "1, 0, 1",
        "1, 999999999, 1",
        "1, 1000000000, 2",
        "3, 333333332, 1",
        "3, 333333333, 2",
        "1000, 1000000, 2",
    })
    void thoseThatAreDue(double perSecond, long after, long due) {
        assertThat(new Schedule(500, perSecond).dueBy(500 + after)).isEqualTo(due);
    }

    @Property
    void theTwoAgree(
            @ForAll @LongRange(min = -1_000_000_000_000_000L, max = 1_000_000_000_000_000L) long start,
            @ForAll @DoubleRange(min = 0.1, max = 200_000) double perSecond,
            @ForAll @LongRange(min = 0, max = 10_000_000) long number) {
        Schedule schedule = new Schedule(start, perSecond);
        assertThat(schedule.dueBy(schedule.due(number))).isEqualTo(number + 1);
        assertThat(schedule.dueBy(schedule.due(number) - 1)).isEqualTo(number);
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "NaN"})
    void noRate(double perSecond) {
        assertThatThrownBy(() -> new Schedule(0, perSecond)).hasMessageContaining("more than 0");
    }

    @Test
    void doesNotDriftOverAnHour() {
        assertThat(new Schedule(0, 9_777.7).due(35_199_720)).isEqualTo(3_600_000_000_000L);
    }
}
