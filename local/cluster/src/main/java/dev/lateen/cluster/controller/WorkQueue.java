package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names of objects to look at, each once however often it is added, worked off by one virtual thread. Work that fails is
 * done again, after 50 ms at first and twice as long each time, up to 30 s.
 */
final class WorkQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkQueue.class);
    private static final long FIRST_RETRY = Duration.ofMillis(50).toNanos();
    private static final long LAST_RETRY = Duration.ofSeconds(30).toNanos();

    /** Brings one object nearer to what is wanted; it is done again when it throws. */
    @FunctionalInterface
    interface Work {
        void on(String key) throws Exception;
    }

    private record Entry(long due, long number, String key) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int byTime = Long.compare(due - other.due, 0);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final String name;
    private final Work work;
    private final TreeSet<Entry> order = new TreeSet<>();
    private final Map<String, Entry> entries = new HashMap<>();
    private final Map<String, Integer> failures = new HashMap<>();
    private final Thread thread;
    private long number;

    WorkQueue(String name, Work work) {
        this.name = name;
        this.work = work;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    /** Starts to work; what was added before is done first. */
    WorkQueue start() {
        thread.start();
        return this;
    }

    /** Something about this object has changed. */
    void add(String key) {
        add(key, System.nanoTime());
    }

    /** Looks at the object again after a while, unless it is due earlier. */
    void addAfter(String key, Duration delay) {
        add(key, System.nanoTime() + delay.toNanos());
    }

    private synchronized void add(String key, long due) {
        Entry present = entries.get(key);
        if (present != null) {
            if (present.due() - due <= 0) {
                return;
            }
            order.remove(present);
        }
        Entry entry = new Entry(due, number++, key);
        entries.put(key, entry);
        order.add(entry);
        notifyAll();
    }

    private synchronized String take() throws InterruptedException {
        while (true) {
            if (order.isEmpty()) {
                wait();
                continue;
            }
            Entry first = Objects.requireNonNull(order.first());
            long left = first.due() - System.nanoTime();
            if (left <= 0) {
                order.remove(first);
                entries.remove(first.key());
                return first.key();
            }
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
    }

    private void run() {
        try {
            while (true) {
                String key = take();
                try {
                    work.on(key);
                    failures.remove(key);
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception e) {
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                    again(key, e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void again(String key, Exception e) {
        int count = failures.merge(key, 1, Integer::sum);
        boolean race = e instanceof KubernetesClientException api && (api.getCode() == 409 || api.getCode() == 404);
        if (race && count < 5) {
            LOG.debug("{}: {} has changed meanwhile; it is looked at again", name, key);
        } else {
            LOG.warn("{}: {} failed {} times; it is tried again", name, key, count, e);
        }
        add(key, System.nanoTime() + Math.min(FIRST_RETRY << Math.min(count - 1, 20), LAST_RETRY));
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
