package dev.lateen.proxy.net;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Time that tests move by hand. May be asked from event loops and moved from the test's thread. */
public final class ManualTimer implements Timer {
    private final List<Task> tasks = new ArrayList<>();
    private long now = 1_000_000_000L;

    private record Task(long due, Runnable task) {}

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized Timeout after(long nanos, Runnable task) {
        Task entry = new Task(now + nanos, task);
        tasks.add(entry);
        return () -> {
            synchronized (this) {
                tasks.remove(entry);
            }
        };
    }

    /** Moves time and runs what is due, in order, on the calling thread. */
    public void advance(Duration by) {
        long until;
        synchronized (this) {
            until = now + by.toNanos();
        }
        while (true) {
            Task next;
            synchronized (this) {
                next = tasks.stream()
                        .filter(task -> task.due <= until)
                        .min(Comparator.comparingLong(Task::due))
                        .orElse(null);
                if (next == null) {
                    now = until;
                    return;
                }
                now = Math.max(now, next.due);
                tasks.remove(next);
            }
            next.task.run();
        }
    }

    /** Number of tasks that wait. */
    public synchronized int waiting() {
        return tasks.size();
    }
}
