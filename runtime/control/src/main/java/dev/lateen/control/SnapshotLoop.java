package dev.lateen.control;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.control.source.ChangeSink;
import dev.lateen.mesh.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Gathers changes into snapshots: after a change it waits until the sources were quiet for a while, but never longer
 * than a limit, then makes one snapshot of all that came. One thread makes all snapshots.
 */
final class SnapshotLoop implements ChangeSink, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SnapshotLoop.class);

    /** A snapshot that differs from the one before, and when its first change came (by the clock, {@link System#nanoTime} unless told). */
    interface Listener {
        void snapshot(Snapshot snapshot, long generation, long changedAtNanos);
    }

    private final Debounce debounce;
    private final LongSupplier clock;
    private final Listener listener;
    private final ProblemBoard problems;
    private final ControlMetrics metrics;
    private final BlockingQueue<Consumer<Snapshot.Change>> changes = new LinkedBlockingQueue<>();
    private final Thread thread;
    private final List<CompletableFuture<Void>> settling = new ArrayList<>();
    private Snapshot current;
    private long generation;

    SnapshotLoop(
            Snapshot first,
            Duration quiet,
            Duration limit,
            ProblemBoard problems,
            ControlMetrics metrics,
            Listener listener) {
        this(first, quiet, limit, System::nanoTime, problems, metrics, listener);
    }

    /**
     * @param quiet for how long nothing more must have come
     * @param limit for how long a change is kept waiting at most
     * @param clock in nanoseconds, only goes forward
     */
    SnapshotLoop(
            Snapshot first,
            Duration quiet,
            Duration limit,
            LongSupplier clock,
            ProblemBoard problems,
            ControlMetrics metrics,
            Listener listener) {
        this.metrics = metrics;
        this.current = first;
        this.debounce = new Debounce(quiet, limit);
        this.clock = clock;
        this.problems = problems;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("snapshots").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    @Override
    public void change(Consumer<Snapshot.Change> change) {
        changes.add(change);
    }

    @Override
    public void changes(List<Consumer<Snapshot.Change>> together) {
        changes.add(change -> together.forEach(each -> apply(change, each)));
    }

    @Override
    public void read(ObjectName object, long generation, List<Problem> found, JsonNode tree) {
        problems.put(object, generation, found, tree);
    }

    @Override
    public void told(boolean rule, String kind, String event) {
        metrics.told(rule, kind, event);
    }

    /** Completes when every change told before this call is in a published snapshot. */
    CompletableFuture<Void> settled() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        changes.add(change -> settling.add(done));
        return done;
    }

    @Override
    public void close() {
        thread.interrupt();
    }

    private void run() {
        try {
            while (true) {
                Snapshot.Change change = gather();
                publish(change, debounce.since());
                settling.forEach(done -> done.complete(null));
                settling.clear();
            }
        } catch (InterruptedException e) {
            // Closed.
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for a change, and for those that come soon after. */
    private Snapshot.Change gather() throws InterruptedException {
        Consumer<Snapshot.Change> next = changes.take();
        debounce.begin(clock.getAsLong());
        Snapshot.Change change = current.change();
        while (next != null) {
            apply(change, next);
            long now = clock.getAsLong();
            next = debounce.isOver(now) ? null : changes.poll(debounce.left(now), TimeUnit.NANOSECONDS);
            debounce.more(clock.getAsLong());
        }
        return change;
    }

    /** A change that cannot be applied must not take the others along. */
    private void apply(Snapshot.Change change, Consumer<Snapshot.Change> one) {
        try {
            one.accept(change);
        } catch (RuntimeException e) {
            metrics.snapshotFailed();
            log.error("Left out one change that could not be applied", e);
        }
    }

    @SuppressWarnings("ReferenceEquality")
    private void publish(Snapshot.Change change, long since) {
        @Nullable Snapshot next = null;
        try {
            next = change.apply();
            if (next == current) {
                return;
            }
            current = next;
            problems.conflicts(next.problems());
            listener.snapshot(next, ++generation, since);
        } catch (RuntimeException e) {
            metrics.snapshotFailed();
            log.error(
                    next == null
                            ? "Kept the former snapshot: the new one could not be made"
                            : "A snapshot was not sent",
                    e);
        }
    }
}
