package dev.lateen.proxy.net;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices event loops that do not get on: whatever blocks one holds up every connection on it. Each loop is asked in turn
 * to answer; one that has not answered when it is asked again is counted and its stack logged, once until it answers.
 */
public final class LoopWatch implements AutoCloseable {
    /** How long a loop may take to answer; a block of twice as long is surely noticed. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(LoopWatch.class);
    private static final int DEPTH = 40;

    private final List<Watched> loops;
    private final Consumer<String> report;
    private final LongAdder blocked = new LongAdder();
    private volatile boolean closed;

    private static final class Watched {
        private final EventLoop loop;
        private volatile @Nullable Thread thread;
        private volatile boolean answered = true;
        private boolean reported;
        private long askedAt;

        Watched(EventLoop loop) {
            this.loop = loop;
        }

        void answer() {
            thread = Thread.currentThread();
            answered = true;
        }
    }

    /** Watches whenever {@link #look} is called; {@code report} is told of each loop that is blocked. */
    LoopWatch(List<EventLoop> loops, Consumer<String> report) {
        this.loops = loops.stream().map(Watched::new).toList();
        this.report = report;
    }

    /** Begins to watch, until closed. */
    public static LoopWatch start(List<EventLoop> loops) {
        LoopWatch watch = new LoopWatch(loops, LOG::warn);
        Thread.ofVirtual().name("loop watch").start(watch::run);
        return watch;
    }

    private void run() {
        try {
            while (!closed) {
                look(System.nanoTime());
                Thread.sleep(PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RejectedExecutionException e) {
            LOG.debug("the event loops have ended", e);
        }
    }

    /** Asks those that have answered, and reports those that have not in time. */
    void look(long now) {
        for (Watched each : loops) {
            if (each.answered) {
                each.reported = false;
                each.askedAt = now;
                each.answered = false;
                each.loop.execute(each::answer);
            } else if (!each.reported && now - each.askedAt >= PATIENCE.toNanos()) {
                each.reported = true;
                blocked.increment();
                report.accept(describe(each, now));
            }
        }
    }

    private static String describe(Watched blocked, long now) {
        Thread thread = blocked.thread;
        return "event loop " + (thread == null ? "(not yet seen)" : thread.getName()) + " has been blocked for "
                + (now - blocked.askedAt) / 1_000_000 + " ms; its connections stand still. It is here:"
                + (thread == null
                        ? ""
                        : Arrays.stream(thread.getStackTrace())
                                .limit(DEPTH)
                                .map(frame -> "\n    at " + frame)
                                .collect(Collectors.joining()));
    }

    /** How often a loop was found blocked. */
    public long blocked() {
        return blocked.sum();
    }

    @Override
    public void close() {
        closed = true;
    }
}
