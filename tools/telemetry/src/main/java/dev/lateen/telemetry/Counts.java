package dev.lateen.telemetry;

import java.util.Arrays;

/**
 * Counts of one direction of calls: requests, those that failed, those that came under mutual TLS and in plain text, and
 * their durations in Istio's buckets. Not thread-safe.
 */
final class Counts {
    /** Upper bounds of Istio's buckets in milliseconds; one without bound comes after them. */
    static final double[] BOUNDS = {
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000
    };

    static final int REQUESTS = 0;
    static final int FAILED = 1;
    static final int SECURED = 2;
    static final int PLAIN = 3;
    private static final int BUCKETS = 4;
    static final int COLUMNS = BUCKETS + BOUNDS.length + 1;

    private final long[] counts = new long[COLUMNS];
    private long millis;

    /** The column of cumulated requests of at most this duration; -1 for a bound that is none of Istio's. */
    static int bucket(String bound) {
        if (bound.equals("+Inf")) {
            return COLUMNS - 1;
        }
        try {
            int found = Arrays.binarySearch(BOUNDS, Double.parseDouble(bound));
            return found < 0 ? -1 : BUCKETS + found;
        } catch (NumberFormatException e) {
            return -1;
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

    /**
     * A quantile of the durations in milliseconds, as Prometheus' {@code histogram_quantile}: linear within the bucket,
     * the highest finite bound at most; NaN without any.
     */
    double quantile(double quantile) {
        double all = counts[COLUMNS - 1];
        if (all <= 0) {
            return Double.NaN;
        }
        double rank = quantile * all;
        for (int i = 0; i < BOUNDS.length; i++) {
            double cumulated = counts[BUCKETS + i];
            if (cumulated >= rank) {
                double low = i == 0 ? 0 : BOUNDS[i - 1];
                double before = i == 0 ? 0 : counts[BUCKETS + i - 1];
                return cumulated <= before
                        ? BOUNDS[i]
                        : low + (BOUNDS[i] - low) * (rank - before) / (cumulated - before);
            }
        }
        return BOUNDS[BOUNDS.length - 1];
    }
}
