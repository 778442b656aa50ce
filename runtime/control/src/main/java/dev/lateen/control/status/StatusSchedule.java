package dev.lateen.control.status;

import dev.lateen.config.ObjectName;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Which statuses a replica is to write now: as the leader alone, those that have changed, together, at most once in five
 * seconds. Remembers what was written; for one thread.
 */
final class StatusSchedule {
    private static final Duration PAUSE = Duration.ofSeconds(5);

    /** What was written, or found written. */
    private final Map<ObjectName, StatusText> written = new HashMap<>();

    /** Objects that are waiting for what proxies say, and since when. */
    private Map<ObjectName, Long> waiting = Map.of();

    private boolean begun;
    private long writtenAt;

    /**
     * Those that are due.
     *
     * @param leads whether this replica is the leader
     * @param nanos of a clock that only goes forward
     * @param statuses those of now, asked when it is time for some
     */
    Map<ObjectName, StatusText> due(boolean leads, long nanos, Supplier<Map<ObjectName, StatusText>> statuses) {
        if (!leads) {
            // Whoever leads meanwhile writes other things.
            written.clear();
            return Map.of();
        }
        if (begun && nanos - writtenAt < PAUSE.toNanos()) {
            return Map.of();
        }
        Map<ObjectName, StatusText> now = statuses.get();
        written.keySet().retainAll(now.keySet());
        Map<ObjectName, Long> before = waiting;
        Map<ObjectName, Long> still = new HashMap<>();
        Map<ObjectName, StatusText> due = new LinkedHashMap<>();
        now.forEach((object, status) -> {
            long patience = status.patience().toNanos();
            long since = before.getOrDefault(object, nanos);
            if (patience > 0) {
                still.put(object, since);
            }
            // What will be settled soon is not worth two writes.
            if ((patience == 0 || nanos - since >= patience) && !status.equals(written.get(object))) {
                due.put(object, status);
            }
        });
        waiting = still;
        if (!due.isEmpty()) {
            begun = true;
            writtenAt = nanos;
        }
        return due;
    }

    /** The object says this now; until it has been told of one, that one is due again. */
    void written(ObjectName object, StatusText status) {
        written.put(object, status);
    }
}
