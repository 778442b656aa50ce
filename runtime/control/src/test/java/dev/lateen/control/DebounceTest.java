package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With 100 ms of quiet and a limit of 1 s: the milliseconds at which changes come, and at which they are used. */
class DebounceTest {
    @ParameterizedTest(name = "{0} => {1}")
    @CsvSource(delimiter = '|', textBlock = """
            0                                        | 100
            0 50                                     | 150
            0 50 149                                 | 249
            0 99 198 297                             | 397
            0 100                                    | 100 200
            0 101                                    | 100 201
            0 90 180 270 360 450 540 630 720 810 900 990 1010     | 1000 1110
            0 90 180 270 360 450 540 630 720 810 900 1000         | 1000 1100
            0 500 1000                               | 100 600 1100
            """)
    void changes(String times, String used) {
        Deque<Long> coming = new ArrayDeque<>(
                Arrays.stream(times.split(" ")).map(Long::parseLong).toList());
        List<Long> published = new ArrayList<>();
        Debounce debounce = new Debounce(Duration.ofMillis(100), Duration.ofSeconds(1));
        while (!coming.isEmpty()) {
            long now = coming.removeFirst();
            debounce.begin(nanos(now));
            Long next = coming.peekFirst();
            long due = now + millis(debounce.left(nanos(now)));
            while (next != null && next < due) {
                now = coming.removeFirst();
                debounce.more(nanos(now));
                assertThat(debounce.isOver(nanos(now))).isFalse();
                due = now + millis(debounce.left(nanos(now)));
                next = coming.peekFirst();
            }
            published.add(due);
            assertThat(debounce.left(nanos(due))).isZero();
        }
        assertThat(published.stream().map(String::valueOf).collect(Collectors.joining(" ")))
                .isEqualTo(used);
    }

    private static long nanos(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }

    private static long millis(long nanos) {
        return Duration.ofNanos(nanos).toMillis();
    }
}
