package dev.lateen.cluster.store;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Changes of one resource in their order, for one reader. A reader too slow for the bound is ended. */
public final class Watch implements AutoCloseable {
    private static final int MAX_WAITING = 100_000;

    final String resource;
    final @Nullable String namespace;
    private final EventLog log;
    private final Deque<StoreEvent> waiting = new ArrayDeque<>();
    private boolean ended;

    Watch(EventLog log, String resource, @Nullable String namespace) {
        this.log = log;
        this.resource = resource;
        this.namespace = namespace;
    }

    boolean wants(StoreEvent event) {
        return event.item().key().resource().equals(resource)
                && (namespace == null || namespace.equals(event.item().key().namespace()));
    }

    synchronized void offer(StoreEvent event) {
        if (waiting.size() >= MAX_WAITING) {
            ended = true;
        } else if (!ended) {
            waiting.add(event);
        }
        notifyAll();
    }

    /** The next change, or null when none came in time. */
    public synchronized @Nullable StoreEvent next(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (waiting.isEmpty() && !ended) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return null;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return waiting.poll();
    }

    /** Whether no further change will come: the store is closing, or the reader was too slow. */
    public synchronized boolean ended() {
        return ended && waiting.isEmpty();
    }

    /** Tells the reader, in whatever thread it waits, that nothing more will come. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public void close() {
        log.remove(this);
        end();
    }
}
