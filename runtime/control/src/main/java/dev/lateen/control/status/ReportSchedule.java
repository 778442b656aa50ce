package dev.lateen.control.status;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a replica that does not lead tells what it knows: what has changed, at most every five seconds; else now and then, as
 * a sign that it lives. Remembers what was told; for one thread.
 */
final class ReportSchedule {
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final Duration BEAT = Duration.ofSeconds(20);

    private @Nullable ReplicaReport told;
    private @Nullable ReplicaReport before;
    private boolean tried;
    private long triedAt;
    private boolean changed;
    private long changedAt;

    /** Whether to tell this now; called at each look, and what is due is tried at once. */
    boolean isDue(ReplicaReport now, long nanos) {
        // Proxies take a moment, which is not worth two writes.
        boolean steady = !now.isPending() || now.equals(before);
        before = now;
        boolean same = now.equals(told);
        if (same) {
            changed = false;
        } else if (!changed) {
            changed = true;
            changedAt = nanos;
        }
        boolean rested = !tried || nanos - triedAt >= PAUSE.toNanos();
        boolean due =
                same ? nanos - triedAt >= BEAT.toNanos() : rested && (steady || nanos - changedAt >= PAUSE.toNanos());
        if (due) {
            tried = true;
            triedAt = nanos;
        }
        return due;
    }

    /** This was told. */
    void told(ReplicaReport report) {
        told = report;
        changed = false;
    }

    /** Somebody else's word counts now, or its own that need not be told: what was told before is worth nothing. */
    void forget() {
        told = null;
        before = null;
        changed = false;
    }
}
