package dev.lateen.proxy.telemetry;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** Counts of values in Envoy's default buckets. One thread writes, any may read. */
final class Histogram {
    /** Upper bounds, as Envoy's default for histograms of any unit; {@code le} is written as Envoy does. */
    static final double[] BOUNDS = {
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000
    };

    private final AtomicLongArray counts = new AtomicLongArray(BOUNDS.length + 1);
    private final AtomicLong sum = new AtomicLong();

    void record(long value) {
        int bucket = 0;
        while (bucket < BOUNDS.length && value > BOUNDS[bucket]) {
            bucket++;
        }
        counts.lazySet(bucket, counts.getPlain(bucket) + 1);
        sum.lazySet(sum.getPlain() + value);
    }

    /** Adds this one's counts to a total of {@link #BOUNDS}{@code .length + 1} counts and their sum. */
    void addTo(long[] total) {
        for (int i = 0; i < counts.length(); i++) {
            total[i] += counts.get(i);
        }
        total[counts.length()] += sum.get();
    }

    /** Room for {@link #addTo}. */
    static long[] total() {
        return new long[BOUNDS.length + 2];
    }
}
