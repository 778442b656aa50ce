package dev.lateen.proxy.upstream;

import java.util.Arrays;

/**
 * Learns after how long without a request a host closes connections, from those that it closed. A connection is used
 * only while it has been idle for clearly less; so a request rarely meets one that is being closed.
 */
final class LearnedIdle {
    private static final int REMEMBERED = 16;
    /** How much of the shortest life seen is trusted; less as long as few were seen. */
    private static final double TRUSTED = 0.5;

    private final long[] lives = new long[REMEMBERED];
    private int seen;
    private long trusted = Long.MAX_VALUE;

    /** The host closed a connection that had been idle for so long, or left one alone for so long. */
    void lived(long nanos) {
        lives[seen % REMEMBERED] = nanos;
        seen++;
        long shortest =
                Arrays.stream(lives, 0, Math.min(seen, REMEMBERED)).min().orElse(Long.MAX_VALUE);
        trusted = (long) (shortest * TRUSTED);
    }

    /** Whether a connection that has been idle for so long may carry another request. */
    boolean mayBeUsed(long idleNanos) {
        return idleNanos < trusted;
    }

    /** Whether anything was learned. */
    boolean knows() {
        return seen > 0;
    }
}
