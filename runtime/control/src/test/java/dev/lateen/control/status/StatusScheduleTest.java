package dev.lateen.control.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each line is what a replica sees at which second, steps divided by {@code |}: objects with what would be said of them,
 * with a question mark where proxies have yet to answer, an asterisk where another replica has yet to tell; {@code -} while another replica leads; {@code !a} while object a
 * cannot be written. Expected is what is written when.
 */
class StatusScheduleTest {
    private final StatusSchedule schedule = new StatusSchedule();

    @ParameterizedTest(name = "{0} => {1}")
    @CsvSource(
            delimiter = '>',
            value = {
                // the leader alone
                "0 a=1 > 0 a=1",
                "0 - a=1 | 9 - a=2 > ''",
                "0 - a=1 | 3 a=1 > 3 a=1",
                // on change alone
                "0 a=1 | 6 a=1 | 12 a=1 > 0 a=1",
                "0 a=1 b=1 | 6 a=1 b=2 > 0 a=1 b=1 | 6 b=2",
                "0 a=1 | 6 | 12 a=1 > 0 a=1 | 12 a=1",
                // together, at most every five seconds
                "0 a=1 | 1 a=2 | 2 a=3 | 4 a=4 | 5 a=4 > 0 a=1 | 5 a=4",
                "0 a=1 | 6 a=2 | 7 b=1 | 11 a=3 b=1 > 0 a=1 | 6 a=2 | 11 a=3 b=1",
                "0 a=1 | 60 a=1 | 61 a=2 > 0 a=1 | 61 a=2",
                // one who leads again knows nothing of what others wrote meanwhile
                "0 a=1 | 2 - a=1 | 9 a=1 > 0 a=1 | 9 a=1",
                // what will be settled in a moment is not written twice
                "0 a=1? | 1 a=2 > 1 a=2",
                "0 a=1? | 1 a=1? > 1 a=1",
                "0 a=1 | 6 a=2? | 7 a=2? | 8 a=3 | 12 a=3 > 0 a=1 | 7 a=2 | 12 a=3",
                // another replica may take some seconds to tell
                "0 a=1* | 1 a=1* | 6 a=2 > 6 a=2",
                "0 a=1* | 6 a=1* | 7 a=1* > 7 a=1",
                "0 a=1? | 1 a=2* | 6 a=2* | 7 a=2* > 7 a=2",
                // what could not be written is tried again
                "0 !a a=1 b=1 | 6 a=1 b=1 > 0 b=1 | 6 a=1",
                "0 !a a=1 | 1 a=1 | 5 a=1 > 5 a=1",
            })
    void a_replica(String steps, String expected) {
        List<String> writes = new ArrayList<>();
        for (String step : steps.split("\\|")) {
            List<String> words = new ArrayList<>(List.of(step.strip().split(" ")));
            long nanos = TimeUnit.SECONDS.toNanos(Long.parseLong(words.removeFirst()));
            boolean leads = !words.remove("-");
            boolean fails = words.remove("!a");
            Set<String> written = new TreeSet<>();
            schedule.due(leads, nanos, () -> statuses(words)).forEach((object, status) -> {
                if (!fails || !object.name().equals("a")) {
                    schedule.written(object, status);
                    written.add(object.name() + "=" + ((ObjectStatus) status).message());
                }
            });
            if (!written.isEmpty()) {
                writes.add(TimeUnit.NANOSECONDS.toSeconds(nanos) + " " + String.join(" ", written));
            }
        }
        assertThat(String.join(" | ", writes)).isEqualTo(expected);
    }

    private static Map<ObjectName, StatusText> statuses(List<String> words) {
        Map<ObjectName, StatusText> statuses = new LinkedHashMap<>();
        for (String word : words) {
            String reason = word.endsWith("?") ? "Pending" : word.endsWith("*") ? "Unreported" : "Active";
            statuses.put(
                    new ObjectName("VirtualService", "shop", word.substring(0, 1)),
                    new ObjectStatus(1, reason.equals("Active"), reason, word.substring(2, 3), List.of()));
        }
        return statuses;
    }
}
