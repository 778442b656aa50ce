package dev.lateen.cluster.node;

import java.time.Duration;

/**
 * How long a container that has ended waits before it runs again, as Kubernetes has it: at once the first time, then 10
 * s, doubled each time, up to a limit; forgotten after 10 minutes of running.
 */
final class RestartDelay {
    private static final Duration FIRST = Duration.ofSeconds(10);
    private static final Duration FORGET = Duration.ofMinutes(10);

    private final Duration limit;
    private Duration next = Duration.ZERO;

    RestartDelay(Duration limit) {
        this.limit = limit;
    }

    /** The wait after a run of that length. */
    Duration after(Duration run) {
        if (run.compareTo(FORGET) >= 0) {
            next = Duration.ZERO;
        }
        Duration wait = next.compareTo(limit) > 0 ? limit : next;
        Duration doubled = next.isZero() ? FIRST : next.multipliedBy(2);
        next = doubled.compareTo(FORGET) > 0 ? FORGET : doubled;
        return wait;
    }
}
