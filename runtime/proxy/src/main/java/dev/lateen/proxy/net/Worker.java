package dev.lateen.proxy.net;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;

/**
 * An event loop with what belongs to it alone: its time and its unsent bytes. A request stays on one worker from accept
 * to upstream, so that nothing here needs a lock.
 */
public final class Worker {
    private final int index;
    private final EventLoop loop;
    private final Timer timer;
    private List<Flushable> dirty = new ArrayList<>();
    private List<Flushable> flushing = new ArrayList<>();
    private final Runnable flushAll = this::flushAll;
    private boolean tight;

    public Worker(int index, EventLoop loop, Timer timer) {
        this.index = index;
        this.loop = loop;
        this.timer = timer;
    }

    /** Its number among its siblings, from 0. */
    public int index() {
        return index;
    }

    public EventLoop loop() {
        return loop;
    }

    public Timer timer() {
        return timer;
    }

    /** Whether memory is short, so that little is to be kept for those who do not keep up. On its loop. */
    public boolean tight() {
        return tight;
    }

    /** Says so. On its loop. */
    public void tight(boolean now) {
        tight = now;
    }

    /**
     * Has the connection flushed at the end of this turn of the loop: whatever is written to it meanwhile, by whichever
     * request, leaves in one system call. The caller remembers that it has asked until it is told to flush.
     */
    public void flushSoon(Flushable connection) {
        dirty.add(connection);
        if (dirty.size() == 1) {
            loop.execute(flushAll);
        }
    }

    private void flushAll() {
        List<Flushable> now = dirty;
        dirty = flushing;
        flushing = now;
        for (int i = 0; i < now.size(); i++) {
            now.get(i).flushNow();
        }
        now.clear();
    }

    /** A connection with unsent bytes. */
    public interface Flushable {
        /** Sends what was written. */
        void flushNow();
    }
}
