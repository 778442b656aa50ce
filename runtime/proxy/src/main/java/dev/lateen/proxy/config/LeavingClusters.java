package dev.lateen.proxy.config;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Clusters that the control plane has taken away a moment ago. Control planes send clusters before the routes that no
 * longer name them: for that while requests still go there. Times are nanoseconds of one clock.
 */
final class LeavingClusters {
    private static final long PATIENCE = Duration.ofSeconds(2).toNanos();

    private final Map<String, Long> since = new HashMap<>();

    void gone(String name, long now) {
        since.put(name, now);
    }

    void back(String name) {
        since.remove(name);
    }

    /** For how long one may still be used; 0 or less for one that may not. */
    long patienceLeft(String name, long now) {
        Long gone = since.get(name);
        return gone == null ? 0 : PATIENCE - (now - gone);
    }

    /** The same of each that may still be used; the others are forgotten. */
    LongStream patienceLeft(long now) {
        since.values().removeIf(gone -> now - gone >= PATIENCE);
        return since.values().stream().mapToLong(gone -> PATIENCE - (now - gone));
    }
}
