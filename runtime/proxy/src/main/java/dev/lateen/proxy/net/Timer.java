package dev.lateen.proxy.net;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Time as an event loop sees it; tests pass one that they move by hand. */
public interface Timer {
    /** Monotonic time in nanoseconds, meaningful as differences only. */
    long nanoTime();

    /** Runs the task on the event loop after so many nanoseconds, unless cancelled before. */
    Timeout after(long nanos, Runnable task);

    /** A task that waits for its time. */
    interface Timeout {
        /** Takes it back; without effect when it has run. */
        void cancel();
    }

    /** Real time of this event loop. */
    static Timer of(EventExecutor loop) {
        return new Timer() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public Timeout after(long nanos, Runnable task) {
                Future<?> future = loop.schedule(task, nanos, TimeUnit.NANOSECONDS);
                return () -> future.cancel(false);
            }
        };
    }
}
