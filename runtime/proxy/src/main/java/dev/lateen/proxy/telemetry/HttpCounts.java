package dev.lateen.proxy.telemetry;

import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What is counted of the requests of connection managers with one prefix of statistics (Envoy documentation, HTTP connection
 * manager, statistics). One thread writes, any may read.
 */
public final class HttpCounts {
    private static final int BEGUN = 0;
    /** 1 to 5 are the hundreds of statuses. */
    private static final int CLASSES = 5;

    private static final int ENDED = 6;
    private static final int MALFORMED = 7;
    static final int FIGURES = 8;

    private final AtomicLongArray figures = new AtomicLongArray(FIGURES);

    HttpCounts() {}

    private void count(int figure) {
        figures.lazySet(figure, figures.getPlain(figure) + 1);
    }

    /** A request begins. */
    public void begun() {
        count(BEGUN);
    }

    /**
     * A request is over.
     *
     * @param status of its answer; 0 without one
     */
    public void ended(int status) {
        int hundreds = status / 100;
        if (hundreds >= 1 && hundreds <= CLASSES) {
            count(hundreds);
        }
        count(ENDED);
    }

    /** What came was no request. */
    void malformed() {
        count(MALFORMED);
    }

    void addTo(long[] total) {
        for (int i = 0; i < FIGURES; i++) {
            total[i] += figures.get(i);
        }
    }

    /** Adds what was counted, under Envoy's names. */
    static void list(List<Statistic> all, String prefix, long[] total) {
        String name = "http." + prefix + ".downstream_";
        all.add(new Statistic(name + "rq_total", total[BEGUN]));
        all.add(new Statistic(name + "rq_active", total[BEGUN] - total[ENDED]));
        all.add(new Statistic(name + "cx_protocol_error", total[MALFORMED]));
        long completed = 0;
        for (int hundreds = 1; hundreds <= CLASSES; hundreds++) {
            completed += total[hundreds];
            all.add(new Statistic(name + "rq_" + hundreds + "xx", total[hundreds]));
        }
        all.add(new Statistic(name + "rq_completed", completed));
    }
}
