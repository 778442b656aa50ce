package dev.lateen.xds.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Waiting times between attempts: exponential, with full jitter over the upper half, started anew by a success. */
final class Backoff {
    private final Duration base;
    private final Duration max;
    private final RandomGenerator random;
    private int failures;

    Backoff(Duration base, Duration max, RandomGenerator random) {
        this.base = base;
        this.max = max;
        this.random = random;
    }

    /** How long to wait after one more failure. */
    Duration next() {
        long ceiling = Math.min(max.toNanos(), base.toNanos() << Math.min(failures, 20));
        failures++;
        return Duration.ofNanos(ceiling / 2 + random.nextLong(Math.max(1, ceiling / 2)));
    }

    void succeeded() {
        failures = 0;
    }
}
