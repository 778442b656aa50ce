package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Timer;
import java.util.function.BooleanSupplier;

/** Ends a server's connection that has been idle for too long, is too old, or has carried enough. One event loop. */
final class ServerLife {
    private static final Timer.Timeout NONE = () -> {};

    private final Timer timer;
    private final ServerLimits limits;
    private final ServerConnection connection;
    private final BooleanSupplier busy;
    private Timer.Timeout rest = NONE;
    private Timer.Timeout age = NONE;
    private long idleSince;
    private int requests;
    private boolean ending;

    /** @param busy whether the connection carries a request */
    ServerLife(Timer timer, ServerLimits limits, ServerConnection connection, BooleanSupplier busy) {
        this.timer = timer;
        this.limits = limits;
        this.connection = connection;
        this.busy = busy;
    }

    /** The connection is there. */
    void begin() {
        if (limits.idle() > 0) {
            idleSince = timer.nanoTime();
            rest = timer.after(limits.idle(), this::checkIdle);
        }
        if (limits.life() > 0) {
            age = timer.after(limits.life(), this::end);
        }
    }

    /** It carries no request any more. */
    void idle() {
        if (limits.idle() > 0) {
            idleSince = timer.nanoTime();
        }
    }

    /** A request begins; whether it is one that is to be the last. */
    boolean request() {
        requests++;
        return limits.requests() > 0 && requests >= limits.requests();
    }

    /** Announces the end, then takes requests for a while yet (Envoy documentation, "Draining"). */
    void end() {
        if (!ending) {
            ending = true;
            age.cancel();
            connection.announceEnd();
            age = timer.after(limits.drain(), connection::drain);
        }
    }

    /** The connection is gone: nothing waits for it. */
    void gone() {
        ending = true;
        rest.cancel();
        age.cancel();
    }

    private void checkIdle() {
        long left = limits.idle();
        if (!busy.getAsBoolean()) {
            left -= timer.nanoTime() - idleSince;
            if (left <= 0) {
                connection.drain();
                return;
            }
        }
        rest = timer.after(left, this::checkIdle);
    }
}
