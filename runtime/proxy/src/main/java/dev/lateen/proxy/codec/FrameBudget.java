package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Timer;
import java.util.concurrent.TimeUnit;

/**
 * How many frames a client may send that carry nothing (RFC 9113 section 10.5): PING, SETTINGS, PRIORITY, WINDOW_UPDATE,
 * RST_STREAM, CONTINUATION, empty DATA, and frames of no known type. Each costs work, and some an answer. A client may
 * send some at once, a few each second, and more the more it is served: heads, and content in either direction, earn what
 * windows and probes for them need. One event loop.
 */
final class FrameBudget {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    /** What a client has at its start, and again, at most, by waiting when that is used up. */
    static final int AT_ONCE = 1_000;

    static final int PER_SECOND = 100;
    /** What a head or a frame of content earns, and each piece of content sent. */
    static final int EARNED = 10;
    /** So many bytes of content sent earn one more: the client opens its windows for them. */
    private static final int BYTES = 256;
    /** Nobody saves up more. */
    static final int MOST = 100_000;

    private final Timer timer;
    private int left = AT_ONCE;
    private long refilled;
    private boolean exceeded;

    FrameBudget(Timer timer) {
        this.timer = timer;
        refilled = timer.nanoTime();
    }

    /** A frame has come, with so many bytes of payload. */
    void came(int type, int length) {
        if (type == HEADERS || type == DATA && length > 0) {
            earn(EARNED);
        } else if (left > 0 || refill()) {
            left--;
        } else {
            exceeded = true;
        }
    }

    /** Content goes to the client. */
    void sent(int bytes) {
        earn(EARNED + bytes / BYTES);
    }

    private void earn(int frames) {
        left = Math.min(MOST, left + frames);
    }

    private boolean refill() {
        long now = timer.nanoTime();
        left = (int) Math.min(AT_ONCE, (now - refilled) * PER_SECOND / TimeUnit.SECONDS.toNanos(1));
        if (left > 0) {
            refilled = now;
        }
        return left > 0;
    }

    /** Whether more came than may. */
    boolean exceeded() {
        return exceeded;
    }
}
