package dev.lateen.proxy.codec;

import java.util.concurrent.TimeUnit;

/**
 * Whether a client opens streams only to reset them (CVE-2023-44487, "rapid reset"), or has the server reset them, which
 * costs as much: more than half of its streams, and 250 at least, as Envoy judges it ({@code
 * overload.premature_reset_total_stream_count} and {@code premature_reset_min_stream_lifetime_seconds} with their
 * defaults). A client that gives up on what takes long is none. One event loop.
 */
final class PrematureResets {
    /** Fewer streams say nothing. */
    static final int STREAMS = 500;
    /** A stream that lived for longer was meant. */
    static final long LIFETIME_NANOS = TimeUnit.SECONDS.toNanos(1);

    private long ended;
    private long premature;

    /** A stream is over, whichever way. */
    void ended() {
        ended++;
    }

    /**
     * A stream was reset before its answer began.
     *
     * @param age of the stream in nanoseconds
     * @return whether there were too many
     */
    boolean reset(long age) {
        if (age < LIFETIME_NANOS) {
            premature++;
        }
        return 2 * premature >= Math.max(STREAMS, ended);
    }
}
