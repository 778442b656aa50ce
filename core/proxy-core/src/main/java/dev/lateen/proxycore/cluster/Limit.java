package dev.lateen.proxycore.cluster;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** How many of one thing may be at a time. Thread-safe, without locks. */
public sealed class Limit {
    private final AtomicInteger used = new AtomicInteger();
    private final LongAdder refused;
    private final int max;

    /** @param refused counts how often there was no room */
    Limit(int max, LongAdder refused) {
        this.max = max;
        this.refused = refused;
    }

    /** Takes one if there is room; a refusal is counted. To be followed by {@link #release}. */
    public boolean tryAcquire() {
        int limit = max();
        while (true) {
            int now = used.get();
            if (now >= limit) {
                refused.increment();
                return false;
            }
            if (used.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** Takes one whether there is room or not: a pool without any connection may always make one. */
    public void acquire() {
        used.incrementAndGet();
    }

    /** Gives one back. */
    public void release() {
        int now = used.decrementAndGet();
        if (now < 0) {
            throw new IllegalStateException("released more than was acquired");
        }
    }

    /** Whether there is room, without taking any. */
    public boolean hasRoom() {
        return used.get() < max();
    }

    public int used() {
        return used.get();
    }

    /** How many there may be; {@link Integer#MAX_VALUE} means without limit. */
    public int max() {
        return max;
    }

    /** A limit for retries that grows with the requests under way. */
    static final class RetryBudget extends Limit {
        private final Thresholds.Budget budget;
        private final Limit requests;
        private final Limit pending;

        RetryBudget(Thresholds.Budget budget, Limit requests, Limit pending, LongAdder refused) {
            super(Integer.MAX_VALUE, refused);
            this.budget = budget;
            this.requests = requests;
            this.pending = pending;
        }

        @Override
        public int max() {
            int share = (int) (budget.percent() / 100.0 * ((long) requests.used() + pending.used()));
            return Math.max(share, budget.minimum());
        }
    }
}
