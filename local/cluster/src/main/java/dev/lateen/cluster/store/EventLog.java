package dev.lateen.cluster.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The last changes, and who waits for the next ones. */
final class EventLog {
    private final int kept;
    private final Deque<StoreEvent> events = new ArrayDeque<>();
    private final List<Watch> watches = new ArrayList<>();
    /** Changes up to this revision are no longer held. */
    private long forgotten;

    EventLog(int kept, long revision) {
        this.kept = kept;
        this.forgotten = revision;
    }

    synchronized void add(StoreEvent event) {
        events.add(event);
        if (events.size() > kept) {
            forgotten = events.remove().item().revision();
        }
        for (Watch watch : watches) {
            if (watch.wants(event)) {
                watch.offer(event);
            }
        }
    }

    synchronized Watch watch(String resource, @Nullable String namespace, long after) throws ExpiredException {
        if (after < forgotten) {
            throw new ExpiredException(after, forgotten);
        }
        Watch watch = new Watch(this, resource, namespace);
        for (StoreEvent event : events) {
            if (event.item().revision() > after && watch.wants(event)) {
                watch.offer(event);
            }
        }
        watches.add(watch);
        return watch;
    }

    synchronized void remove(Watch watch) {
        watches.remove(watch);
    }

    synchronized void close() {
        watches.forEach(Watch::end);
        watches.clear();
    }
}
