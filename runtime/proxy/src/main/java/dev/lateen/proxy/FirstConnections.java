package dev.lateen.proxy;

import dev.lateen.proxy.listener.ListenerSockets;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections that an app makes before its proxy knows where they lead: they wait instead of being refused, as many as
 * the queue of a socket holds and for a while. Asked by one thread.
 */
final class FirstConnections {
    private static final Logger LOG = LoggerFactory.getLogger(FirstConnections.class);
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final int MOST = 1024;

    private final ListenerSockets listeners;
    private final long since;
    private boolean holding;

    /** @param address where the pod's rules send connections of the app; null where there are none to hold */
    FirstConnections(ListenerSockets listeners, @Nullable InetSocketAddress address, long now) {
        this.listeners = listeners;
        since = now;
        holding = address != null && listeners.hold(address, MOST);
        if (address != null && holding) {
            LOG.info(
                    "connections of the app wait at port {} until the configuration is here: at most {} of them, for"
                            + " {} s",
                    address.getPort(),
                    MOST,
                    LONGEST.toSeconds());
        }
    }

    /**
     * Lets them go on, as soon as they lead where they should, or when that takes too long. Does not block.
     *
     * @param complete whether the whole configuration is in force
     */
    void look(BooleanSupplier complete, long now) {
        if (!holding) {
            return;
        }
        Duration waited = Duration.ofNanos(now - since);
        boolean ready = complete.getAsBoolean();
        if (!ready && waited.compareTo(LONGEST) < 0) {
            return;
        }
        holding = false;
        // Opening a socket waits, under a lock, for the loop that this may run on.
        Thread.ofVirtual().name("release").start(listeners::release);
        if (ready) {
            LOG.info("the configuration is here after {} ms: connections of the app go on", waited.toMillis());
        } else {
            LOG.warn(
                    "no whole configuration after {} s: connections of the app are held no longer, and fail until it is"
                            + " here",
                    waited.toSeconds());
        }
    }
}
