package dev.lateen.proxy.upstream;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxycore.balance.LiveCluster;
import java.time.Duration;

/**
 * Ends a connection to a host that has been idle for too long, or is too old, and has it told after how long idle the
 * host does so itself. One event loop.
 */
final class ClientLife {
    private final Timer timer;
    private final LiveCluster cluster;
    private final ClientConnection connection;
    private final LearnedIdle learned;
    private final long openedAt;
    private Timer.Timeout timeout = () -> {};
    private long idleSince;
    private boolean watched;
    private boolean closedHere;

    /** The connection is there. */
    ClientLife(Timer timer, LiveCluster cluster, ClientConnection connection, LearnedIdle learned) {
        this.timer = timer;
        this.cluster = cluster;
        this.connection = connection;
        this.learned = learned;
        openedAt = timer.nanoTime();
    }

    /** It carries no request. */
    void idle() {
        idleSince = timer.nanoTime();
        if (!watched) {
            watch(idleLeft());
        }
    }

    /** For how long it has carried none. */
    long idleNanos() {
        return timer.nanoTime() - idleSince;
    }

    /** Whether it may carry no other. */
    boolean isTooOld() {
        return lifeLeft() <= 0;
    }

    /**
     * The connection is gone.
     *
     * @param idle whether it carried none and could have
     */
    void gone(boolean idle) {
        timeout.cancel();
        if (idle && !closedHere) {
            learned.lived(idleNanos());
        }
    }

    /** One timer for the connection's life, not one for each rest; {@link Long#MAX_VALUE} for none. */
    private void watch(long left) {
        watched = left < Long.MAX_VALUE;
        if (watched) {
            timeout = timer.after(Math.max(0, left), this::check);
        }
    }

    private void check() {
        watched = false;
        if (connection.streams() > 0) {
            return; // watched again when it is idle
        }
        if (isTooOld()) {
            connection.close();
        } else if (idleLeft() <= 0) {
            idleForTooLong();
        } else {
            watch(idleLeft());
        }
    }

    private void idleForTooLong() {
        if (learned.knows()) {
            learned.lived(idleNanos());
        }
        closedHere = true;
        connection.close();
    }

    /** How long it may be idle yet: until it has been for too long, or is too old. */
    private long idleLeft() {
        long most = cluster.config().http().idleTimeout().toNanos();
        return Math.min(most == 0 ? Long.MAX_VALUE : idleSince + most - timer.nanoTime(), lifeLeft());
    }

    /** How long it may live yet. */
    private long lifeLeft() {
        Duration most = cluster.config().http().maxConnectionDuration();
        return most.isZero() ? Long.MAX_VALUE : most.toNanos() - (timer.nanoTime() - openedAt);
    }
}
