package dev.lateen.proxycore.cluster;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What outlier detection knows of one host (Envoy documentation, "Outlier detection", Detection types). Counters are
 * written by event loops; the rest under the detector's lock.
 */
final class OutlierState {
    final AtomicInteger consecutive5xx = new AtomicInteger();
    final AtomicInteger consecutiveGatewayFailure = new AtomicInteger();
    final AtomicInteger consecutiveLocalOriginFailure = new AtomicInteger();
    final Rate external = new Rate();
    final Rate localOrigin = new Rate();
    private volatile int ejections;
    int backOff;
    long ejectedAt;
    long jitter;
    long restoredAt;
    boolean everRestored;

    int ejections() {
        return ejections;
    }

    /** Under the detector's lock. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time, any number of readers
    void countEjection() {
        ejections++;
    }

    void resetConsecutive() {
        consecutive5xx.set(0);
        consecutiveGatewayFailure.set(0);
        consecutiveLocalOriginFailure.set(0);
    }

    /** Successes and totals of the interval under way and the one before. */
    static final class Rate {
        private final AtomicInteger total = new AtomicInteger();
        private final AtomicInteger success = new AtomicInteger();
        int lastTotal;
        int lastSuccess;

        void count(boolean succeeded) {
            total.incrementAndGet();
            if (succeeded) {
                success.incrementAndGet();
            }
        }

        void turn() {
            lastTotal = total.getAndSet(0);
            lastSuccess = success.getAndSet(0);
        }

        double percent() {
            return lastSuccess * 100.0 / lastTotal;
        }
    }
}
