package dev.lateen.control;

import java.time.Duration;

/**
 * When changes that came one after another are to be used together: after none came for a while, and at the latest a
 * limit after the first. Times are nanoseconds of a clock that only goes forward; for one thread.
 */
final class Debounce {
    private final long quiet;
    private final long limit;
    private long first;
    private long last;

    Debounce(Duration quiet, Duration limit) {
        this.quiet = quiet.toNanos();
        this.limit = limit.toNanos();
    }

    /** The first change of the next lot came. */
    void begin(long nanos) {
        first = nanos;
        last = nanos;
    }

    /** Another one came. */
    void more(long nanos) {
        last = nanos;
    }

    /** When the first change came. */
    long since() {
        return first;
    }

    /** Whether not even changes that are there already are waited for. */
    boolean isOver(long nanos) {
        return nanos - first >= limit;
    }

    /** For how long another change is waited for; 0 for none but those that are there already. */
    long left(long nanos) {
        return Math.max(0, Math.min(quiet - (nanos - last), limit - (nanos - first)));
    }
}
