package dev.lateen.proxy.config;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How many updates of each type of resource the proxy took, and how many it refused. Thread-safe. */
public final class UpdateCounts {
    private final Map<String, LongAdder> taken = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> refused = new ConcurrentHashMap<>();

    void count(String type, boolean isTaken) {
        (isTaken ? taken : refused).computeIfAbsent(type, _ -> new LongAdder()).increment();
    }

    /** Those that were taken; {@code type} is a type URL. */
    public long taken(String type) {
        return sum(taken, type);
    }

    /** Those that were refused. */
    public long refused(String type) {
        return sum(refused, type);
    }

    private static long sum(Map<String, LongAdder> counts, String type) {
        LongAdder count = counts.get(type);
        return count == null ? 0 : count.sum();
    }
}
