package dev.lateen.proxy.telemetry;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many series one proxy may tell of: a caller that invents hosts must fill neither its memory nor its page. When
 * three quarters of them are taken, requests with new labels are still counted for themselves, but how long they took
 * and how large they were is told under labels {@code other}; when all are taken, the count is as well. How often that
 * happened, and to whom first, is told. Thread-safe; it is asked once for labels that it admits.
 */
final class SeriesBudget {
    private static final Logger LOG = LoggerFactory.getLogger(SeriesBudget.class);
    /** Series of requests with the same labels: a counter, and three histograms with their buckets, sum and count. */
    static final int OF_REQUESTS = 1 + 3 * (Histogram.BOUNDS.length + 3);

    /** Series that calls of gRPC have beside them: messages both ways. */
    static final int OF_MESSAGES = 2;

    static final int OF_CONNECTIONS = 4;

    private final int limit;
    private final Map<TrafficLabels, Kept> admitted = new ConcurrentHashMap<>();
    private final AtomicInteger used = new AtomicInteger();
    private final AtomicInteger countedAlone = new AtomicInteger();
    private final AtomicLong cut = new AtomicLong();

    /** What is told of labels. */
    enum Kept {
        /** All. */
        WHOLE,
        /** How many requests there were. */
        COUNTED,
        /** Nothing: they are counted as {@code other}. */
        OTHER
    }

    /** @param limit series on the page */
    SeriesBudget(int limit) {
        this.limit = limit;
    }

    /** What is told of these labels, as long as the proxy lives. */
    Kept admit(TrafficLabels labels) {
        Kept known = admitted.get(labels);
        if (known != null) {
            return known;
        }
        boolean requests = labels.protocol != TrafficLabels.Protocol.TCP;
        int cost = !requests
                ? OF_CONNECTIONS
                : OF_REQUESTS + (labels.protocol == TrafficLabels.Protocol.GRPC ? OF_MESSAGES : 0);
        if (take(cost, requests ? limit - limit / 4 : limit)) {
            return admitted(labels, Kept.WHOLE, cost);
        }
        if (requests && take(1, limit)) {
            return admitted(labels, Kept.COUNTED, 1);
        }
        warn(cut.incrementAndGet(), "calls so far are counted as \"other\"", labels);
        return Kept.OTHER;
    }

    private Kept admitted(TrafficLabels labels, Kept kept, int cost) {
        Kept before = admitted.putIfAbsent(labels.copy(), kept);
        if (before != null) {
            used.addAndGet(-cost); // another event loop was faster
            return before;
        }
        if (kept == Kept.COUNTED) {
            warn(countedAlone.incrementAndGet(), "label sets are without durations and sizes of their own", labels);
        }
        return kept;
    }

    private boolean take(int cost, int most) {
        int before;
        do {
            before = used.get();
            if (before + cost > most) {
                return false;
            }
        } while (!used.compareAndSet(before, before + cost));
        return true;
    }

    /** At the first time, the second, the fourth …: a log is no place for ten thousand lines of it. */
    private void warn(long times, String what, TrafficLabels labels) {
        if (Long.bitCount(times) == 1) {
            LOG.warn(
                    "metrics: {} series are the most that are kept; {} {}, the last one of service \"{}\" ({}), peer"
                            + " {}/{}, labels of its own {}",
                    limit,
                    times,
                    what,
                    labels.serviceHost,
                    labels.serviceName,
                    labels.peer.namespace(),
                    labels.peer.name(),
                    Arrays.toString(labels.values));
        }
    }

    int limit() {
        return limit;
    }

    int used() {
        return used.get();
    }

    /** Calls that were counted as {@code other}. */
    long cut() {
        return cut.get();
    }
}
