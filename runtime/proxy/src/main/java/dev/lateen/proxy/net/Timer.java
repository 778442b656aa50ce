package dev.lateen.proxy.net;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Time as an event loop sees it; tests pass one that they move by hand. */
public interface Timer {
    /** Monotonic time in nanoseconds, meaningful as differences only. */
    long nanoTime();

    /** Runs the task after so many nanoseconds, on the event loop where there is one, unless cancelled before. */
    Timeout after(long nanos, Runnable task);

    /** A task that waits for its time. */
    interface Timeout {
        /** Takes it back; without effect when it has run. */
        void cancel();
    }

    /** Real time, whose tasks run on threads of their own: for those that may wait for an event loop. */
    static Timer besides(EventExecutor loop) {
        Timer timer = of(loop);
        return new Timer() {
            @Override
            public long nanoTime() {
                return timer.nanoTime();
            }

            @Override
            public Timeout after(long nanos, Runnable task) {
                return timer.after(nanos, () -> Thread.ofVirtual().name("timer").start(task));
            }
        };
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
