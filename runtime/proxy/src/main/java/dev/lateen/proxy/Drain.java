package dev.lateen.proxy;

import dev.lateen.proxy.listener.ListenerSockets;
import dev.lateen.proxy.net.OtherListeners;
import dev.lateen.proxycore.listener.CompiledListener;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** How a proxy ends without losing a request. Thread-safe. */
final class Drain {
    /** How long callers are given to hear that this proxy ends, when none has a connection here. */
    private static final Duration ANNOUNCED_AT_LEAST = Duration.ofSeconds(2);
    /** How long new connections are still taken, as Istio's terminationDrainDuration. */
    private static final Duration ANNOUNCED_AT_MOST = Duration.ofSeconds(5);
    /** How long requests may take to end: Kubernetes kills after 30 seconds. */
    private static final Duration LAST_REQUESTS = Duration.ofSeconds(20);
    /** How often it is looked whether the app is still there. */
    private static final long LOOK_MILLIS = 100;

    private final ListenerSockets listeners;
    private final Predicate<CompiledListener> fromOthers;
    private final boolean besideApp;
    private final CountDownLatch closed;
    private volatile boolean begun;

    /**
     * @param fromOthers which listeners take calls of others, and not the app's own
     * @param besideApp whether an app in the same pod calls through this proxy
     * @param closed cuts the end short
     */
    Drain(ListenerSockets listeners, Predicate<CompiledListener> fromOthers, boolean besideApp, CountDownLatch closed) {
        this.listeners = listeners;
        this.fromOthers = fromOthers;
        this.besideApp = besideApp;
        this.closed = closed;
    }

    boolean begun() {
        return begun;
    }

    /** Tells callers on every answer that the proxy ends. */
    void announce() {
        begun = true;
        listeners.announceEnd(fromOthers);
    }

    /** Takes no more calls of others. */
    void stopAccepting() {
        listeners.stopAccepting(fromOthers);
    }

    /**
     * Announces the end, stops accepting after a while, and waits for what is under way. The way out stays open to the app
     * until the app is gone, as nobody else listens here, and has let go of its connections; not for longer than {@link
     * #LAST_REQUESTS}. Blocks.
     */
    void run() throws InterruptedException {
        announce();
        var _ = closed.await(ANNOUNCED_AT_LEAST.toMillis(), TimeUnit.MILLISECONDS);
        var _ = listeners.awaitNoConnection(fromOthers, ANNOUNCED_AT_MOST.minus(ANNOUNCED_AT_LEAST));
        stopAccepting();
        long end = System.nanoTime() + LAST_REQUESTS.toNanos();
        boolean there = true;
        while (there && System.nanoTime() < end) {
            var _ = listeners.awaitNoConnection(listener -> true, Duration.ofNanos(end - System.nanoTime()));
            there = besideApp && OtherListeners.any() && !closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }
}
