package dev.lateen.telemetry;

import java.util.Arrays;

/**
 * Counts of one direction of calls: requests, those that failed, those that came under mutual TLS and in plain text, and
 * in Istio's buckets their durations and sizes. Not thread-safe.
 */
final class Counts {
    /** Upper bounds of Istio's buckets, in milliseconds or bytes; one without bound comes after them. */
    static final double[] BOUNDS = {
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000
    };

    static final int REQUESTS = 0;
    static final int FAILED = 1;
    static final int SECURED = 2;
    static final int PLAIN = 3;
    private static final int BUCKETS = BOUNDS.length + 1;
    /** The first bucket of each histogram; what comes before is single counts. */
    static final int DURATION = 4;

    static final int REQUEST_BYTES = DURATION + BUCKETS;
    static final int RESPONSE_BYTES = REQUEST_BYTES + BUCKETS;
    static final int COLUMNS = RESPONSE_BYTES + BUCKETS;

    private final long[] counts = new long[COLUMNS];
    private long millis;

    /** The bucket of a histogram with this upper bound; -1 for a bound that is none of Istio's. */
    static int bucket(int histogram, String bound) {
        if (bound.equals("+Inf")) {
            return histogram + BOUNDS.length;
        }
        try {
            int found = Arrays.binarySearch(BOUNDS, Double.parseDouble(bound));
            return found < 0 ? -1 : histogram + found;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Where buckets count what is in those below them too, as Prometheus has it: makes each count its own alone. */
    void uncumulate() {
        for (int histogram : new int[] {DURATION, REQUEST_BYTES, RESPONSE_BYTES}) {
            long below = 0;
            for (int i = histogram; i < histogram + BUCKETS; i++) {
                long cumulated = Math.max(below, counts[i]); // a bucket that is not told adds nothing
                counts[i] = cumulated - below;
                below = cumulated;
            }
        }
    }

    long at(int column) {
        return counts[column];
    }

    void add(int column, long more) {
        counts[column] += more;
    }

    void add(Counts more) {
        for (int column = 0; column < COLUMNS; column++) {
            counts[column] += more.counts[column];
        }
    }

    /** These counts, secured as those. */
    Counts securedAs(Counts received) {
        Counts both = new Counts();
        both.add(this);
        both.counts[SECURED] = received.counts[SECURED];
        both.counts[PLAIN] = received.counts[PLAIN];
        return both;
    }

    /** These counts came in this time, in milliseconds. */
    void over(long duration) {
        millis = duration;
    }

    double perSecond(int column) {
        return millis <= 0 ? 0 : counts[column] * 1000.0 / millis;
    }

    /** Median and 99th percentile of a histogram. */
    Quantiles quantiles(int histogram) {
        return new Quantiles(quantile(histogram, 0.5), quantile(histogram, 0.99));
    }

    /**
     * A quantile of a histogram, as Prometheus' {@code histogram_quantile}: linear within the bucket, the highest finite
     * bound at most; NaN without any.
     */
    double quantile(int histogram, double quantile) {
        double all = 0;
        for (int i = 0; i < BUCKETS; i++) {
            all += counts[histogram + i];
        }
        if (all <= 0) {
            return Double.NaN;
        }
        double rank = quantile * all;
        double before = 0;
        for (int i = 0; i < BOUNDS.length; i++) {
            double here = counts[histogram + i];
            if (here > 0 && before + here >= rank) {
                double low = i == 0 ? 0 : BOUNDS[i - 1];
                return low + (BOUNDS[i] - low) * (rank - before) / here;
            }
            before += here;
        }
        return BOUNDS[BOUNDS.length - 1];
    }
}
