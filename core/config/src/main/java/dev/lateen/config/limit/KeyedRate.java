package dev.lateen.config.limit;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * How often something may happen for each of many keys: so many times at once, and once more each time a while has
 * passed (a token bucket, kept as the moment at which it would have been empty). What it holds is bounded: keys that
 * come when it is full share one bucket, until those of others have filled up again. Thread-safe.
 */
public final class KeyedRate {
    /** No caller has this key. */
    private static final String OTHERS = "";

    private final Duration refill;
    private final Duration whole;
    private final int keys;
    private final Map<String, Instant> emptyAt = new HashMap<>();

    /**
     * Full buckets.
     *
     * @param atOnce how many times at once
     * @param refill how long one more takes to come back
     * @param keys how many are told apart
     */
    public KeyedRate(int atOnce, Duration refill, int keys) {
        this.refill = refill;
        this.whole = refill.multipliedBy(atOnce);
        this.keys = keys;
    }

    /**
     * Takes one of this key's, if there is one.
     *
     * @param now of a clock that may be set back: who has had his share then waits for one refill at most
     */
    public synchronized boolean take(String key, Instant now) {
        Instant full = now.minus(whole);
        String counted = isKnown(key, full) ? key : OTHERS;
        Instant before = emptyAt.getOrDefault(counted, full);
        Instant from = before.isBefore(full) ? full : before.isAfter(now) ? now : before;
        Instant after = from.plus(refill);
        boolean taken = !after.isAfter(now);
        emptyAt.put(counted, taken ? after : from);
        return taken;
    }

    private boolean isKnown(String key, Instant full) {
        if (emptyAt.containsKey(key) || emptyAt.size() < keys) {
            return true;
        }
        emptyAt.values().removeIf(at -> !at.isAfter(full));
        return emptyAt.size() < keys;
    }
}
