package dev.lateen.proxy.http;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts of requests by direction, cluster, status and flags, as Istio's metric of requests has them. Thread-safe. */
public final class RequestStatistics {
    /** What a request is counted under. */
    public record Key(boolean inbound, String cluster, int status, String flags) {}

    private final Map<Key, LongAdder> counts = new ConcurrentHashMap<>();

    void count(boolean inbound, String cluster, int status, String flags) {
        counts.computeIfAbsent(new Key(inbound, cluster, status, flags), _ -> new LongAdder())
                .increment();
    }

    /** Counts a connection of TCP that was refused. */
    public void countConnection(String cluster, String flags) {
        count(false, cluster, 0, flags);
    }

    /** The counts at this moment. */
    public Map<Key, Long> snapshot() {
        Map<Key, Long> copy = new java.util.LinkedHashMap<>();
        counts.forEach((key, count) -> copy.put(key, count.sum()));
        return copy;
    }
}
