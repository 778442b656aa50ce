package dev.lateen.proxy.telemetry;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Shows requests and connections as they end to those who look; costs nothing while nobody does. Who looks too slowly misses lines, which
 * are counted, and holds nobody up. Thread-safe.
 */
public final class RequestTap {
    private static final int MOST_WATCHES = 10;
    private static final int WAITING = 1000;

    private final List<Watch> watches = new CopyOnWriteArrayList<>();

    /** Whether anybody looks. */
    public boolean isOpen() {
        return !watches.isEmpty();
    }

    /** Shows a line; never blocks. */
    public void offer(String line) {
        for (Watch watch : watches) {
            if (!watch.lines.offer(line)) {
                watch.missed.increment();
            }
        }
    }

    /** Begins to look; null when too many do. Close it to end. */
    public synchronized @Nullable Watch open() {
        if (watches.size() >= MOST_WATCHES) {
            return null;
        }
        Watch watch = new Watch();
        watches.add(watch);
        return watch;
    }

    /** One who looks. One thread. */
    public final class Watch implements AutoCloseable {
        private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(WAITING);
        private final LongAdder missed = new LongAdder();

        private Watch() {}

        /** The next line; null when none came in this time. */
        public @Nullable String next(Duration patience) throws InterruptedException {
            return lines.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        }

        /** How many lines were missed since this was asked last. */
        public long missed() {
            return missed.sumThenReset();
        }

        @Override
        public void close() {
            watches.remove(this);
        }
    }
}
