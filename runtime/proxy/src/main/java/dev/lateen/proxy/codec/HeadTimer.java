package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Timer;
import org.jspecify.annotations.Nullable;

/**
 * Measures how long a client takes for the head of a request, and tells when that is too long (Envoy's {@code
 * request_headers_timeout}). A head that comes at once costs no timer. One event loop.
 */
final class HeadTimer {
    private final Timer timer;
    private final long limit;
    private final Runnable late;
    private Timer.@Nullable Timeout running;
    private long begun;
    private long took;

    /**
     * @param limit in nanoseconds; 0 means none, and then nothing is measured
     * @param late runs when a head has taken longer
     */
    HeadTimer(Timer timer, long limit, Runnable late) {
        this.timer = timer;
        this.limit = limit;
        this.late = late;
    }

    /** A head has begun and is not whole; without effect when that is known. */
    void begin() {
        if (limit > 0 && running == null) {
            begun = timer.nanoTime();
            running = timer.after(limit, this::expired);
        }
    }

    /** A head is whole, whether or not it had begun before. */
    void end() {
        took = running == null ? 0 : timer.nanoTime() - begun;
        cancel();
    }

    /** No head is waited for any more. */
    void cancel() {
        Timer.Timeout waiting = running;
        running = null;
        if (waiting != null) {
            waiting.cancel();
        }
    }

    private void expired() {
        running = null;
        late.run();
    }

    /** How long the last head took, in nanoseconds; 0 when it came at once. */
    long took() {
        return took;
    }

    /** What comes next is another head, which may come at once. */
    void forget() {
        took = 0;
    }
}
