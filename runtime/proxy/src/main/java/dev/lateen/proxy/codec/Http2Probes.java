package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Timer;
import java.time.Duration;

/**
 * Asks a peer by PING (RFC 9113 section 6.7) whether it is still there, and gives it up when nothing at all comes back
 * in time (Envoy's {@code connection_keepalive}). Whatever the peer sends counts as an answer, so that one that is busy
 * sending is not given up. Bound to its connection's event loop.
 */
final class Http2Probes {
    /** The connection that is asked. */
    interface Connection {
        void ping();

        /** The peer is silent. */
        void abandon();
    }

    private final Timer timer;
    private final long interval;
    private final long patience;
    private final Connection connection;
    private Timer.Timeout next = () -> {};
    private boolean heard;

    /**
     * @param interval between probes, zero for none at all
     * @param timeout how long the peer may be silent after one
     */
    Http2Probes(Timer timer, Duration interval, Duration timeout, Connection connection) {
        this.timer = timer;
        this.interval = interval.toNanos();
        this.patience = timeout.toNanos();
        this.connection = connection;
    }

    void start() {
        if (interval > 0) {
            next = timer.after(interval, this::ask);
        }
    }

    /** Something came from the peer. */
    void heard() {
        heard = true;
    }

    void stop() {
        next.cancel();
    }

    private void ask() {
        heard = false;
        connection.ping();
        next = timer.after(patience, this::judge);
    }

    private void judge() {
        if (heard) {
            start();
        } else {
            connection.abandon();
        }
    }
}
