package dev.lateen.proxy.telemetry;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many label sets one proxy may keep: a caller that invents hosts must not fill its memory. What comes beyond is
 * counted under labels {@code other}, and how often, and who came first, is told. Thread-safe, without locks.
 */
final class SeriesBudget {
    private static final Logger LOG = LoggerFactory.getLogger(SeriesBudget.class);

    private final int limit;
    private final AtomicInteger used = new AtomicInteger();
    private final AtomicLong cut = new AtomicLong();

    SeriesBudget(int limit) {
        this.limit = limit;
    }

    /** Takes room for one more; false when there is none. */
    boolean take() {
        int before;
        do {
            before = used.get();
            if (before >= limit) {
                return false;
            }
        } while (!used.compareAndSet(before, before + 1));
        return true;
    }

    /** A call was counted under {@code other} instead of these labels. */
    void cut(TrafficLabels labels) {
        long times = cut.incrementAndGet();
        if (Long.bitCount(times) == 1) {
            LOG.warn(
                    "metrics: {} label sets are the most that are kept; {} calls so far are counted as \"other\", the"
                            + " last one to service \"{}\" ({}), peer {}/{}",
                    limit,
                    times,
                    labels.serviceHost,
                    labels.serviceName,
                    labels.peer.namespace(),
                    labels.peer.name());
        }
    }

    int limit() {
        return limit;
    }

    int used() {
        return used.get();
    }

    long cut() {
        return cut.get();
    }
}
