package dev.lateen.control.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.control.status.ReplicaReport.Counted;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each line is what a replica knows at which second, steps divided by {@code |}: how many proxies are active of how many;
 * {@code -} while it need not tell; {@code !} while it cannot. Expected is when it tells what.
 */
class ReportScheduleTest {
    private final ReportSchedule schedule = new ReportSchedule();

    @ParameterizedTest(name = "{0} => {1}")
    @CsvSource(
            delimiter = '>',
            value = {
                // on change alone, at most every five seconds
                "0 1/1 | 1 1/1 | 6 1/1 > 0 1/1",
                "0 1/1 | 1 2/2 | 4 3/3 | 5 3/3 > 0 1/1 | 5 3/3",
                "0 1/1 | 9 2/2 | 13 3/3 | 14 3/3 > 0 1/1 | 9 2/2 | 14 3/3",
                // as a sign of life
                "0 1/1 | 19 1/1 | 20 1/1 | 39 1/1 | 40 1/1 > 0 1/1 | 20 1/1 | 40 1/1",
                // proxies are given a moment
                "0 0/1 | 1 1/1 > 1 1/1",
                "0 0/1 | 1 0/1 > 1 0/1",
                "0 1/1 | 9 0/1 | 10 1/1 > 0 1/1",
                "0 1/1 | 9 0/1 | 10 0/2 | 11 0/3 | 13 0/4 | 14 0/5 > 0 1/1 | 14 0/5",
                // what could not be told is tried again, not at once
                "0 ! 1/1 | 1 1/1 | 5 1/1 > 5 1/1",
                // one that leads need not tell; afterwards it does
                "0 - 1/1 | 1 - 1/1 > ''",
                "0 1/1 | 6 - 1/1 | 7 1/1 > 0 1/1 | 7 1/1",
            })
    void a_replica(String steps, String expected) {
        List<String> told = new ArrayList<>();
        for (String step : steps.split("\\|")) {
            List<String> words = new ArrayList<>(List.of(step.strip().split(" ")));
            long nanos = TimeUnit.SECONDS.toNanos(Long.parseLong(words.removeFirst()));
            boolean silent = words.remove("-");
            boolean fails = words.remove("!");
            ReplicaReport report = report(words.getFirst());
            if (silent) {
                schedule.forget();
            } else if (schedule.isDue(report, nanos) && !fails) {
                schedule.told(report);
                told.add(TimeUnit.NANOSECONDS.toSeconds(nanos) + " " + words.getFirst());
            }
        }
        assertThat(String.join(" | ", told)).isEqualTo(expected);
    }

    private static ReplicaReport report(String counts) {
        int active = Integer.parseInt(counts.substring(0, 1));
        int proxies = Integer.parseInt(counts.substring(2));
        return new ReplicaReport(Map.of(
                new ObjectName("VirtualService", "shop", "a"),
                new Counted(1, new Uptake(proxies, active, false, List.of()))));
    }
}
