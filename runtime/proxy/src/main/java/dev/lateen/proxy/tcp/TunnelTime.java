package dev.lateen.proxy.tcp;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxycore.listener.TcpProxy;
import java.time.Duration;

/** When a connection that is only passed on has been silent for too long in both directions, or is too old. One thread. */
final class TunnelTime {
    private final Timer timer;
    private final long idleNanos;
    private final Runnable silent;
    private long lastActivity;
    private Timer.Timeout idle = () -> {};
    private final Timer.Timeout life;

    /**
     * @param silent runs once when nothing was passed on for {@link TcpProxy#idleTimeout}
     * @param old runs once after {@link TcpProxy#maxDuration}
     */
    TunnelTime(Timer timer, TcpProxy config, Runnable silent, Runnable old) {
        this.timer = timer;
        this.silent = silent;
        idleNanos = config.idleTimeout().toNanos();
        if (idleNanos > 0) {
            lastActivity = timer.nanoTime();
            idle = timer.after(idleNanos, this::look);
        }
        Duration most = config.maxDuration();
        life = most == null || most.isZero() ? () -> {} : timer.after(most.toNanos(), old);
    }

    /** Something was passed on. */
    void touch() {
        if (idleNanos > 0) {
            lastActivity = timer.nanoTime();
        }
    }

    /** The connection is over. */
    void end() {
        idle.cancel();
        life.cancel();
    }

    private void look() {
        long left = idleNanos - (timer.nanoTime() - lastActivity);
        if (left <= 0) {
            silent.run();
        } else {
            idle = timer.after(left, this::look);
        }
    }
}
