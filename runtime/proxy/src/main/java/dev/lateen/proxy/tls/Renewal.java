package dev.lateen.proxy.tls;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * When certificates are renewed: at half of their life, a little sooner or later so that a mesh does not ask all at
 * once; and when one could not be had, again soon, then less and less often. Pure: time and chance are passed in.
 */
final class Renewal {
    private static final double HALF = 0.5;
    private static final double JITTER = 0.01;
    private static final Duration FIRST_RETRY = Duration.ofMillis(200);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);
    private static final int MOST_DOUBLINGS = 10;

    private final RandomGenerator random;

    Renewal(RandomGenerator random) {
        this.random = random;
    }

    /** When a certificate of this life is to be replaced. */
    Instant due(Instant begin, Instant end) {
        double share = HALF + (random.nextDouble() * 2 - 1) * JITTER;
        return begin.plusMillis((long) (Duration.between(begin, end).toMillis() * share));
    }

    /**
     * How long to wait after so many failures in a row.
     *
     * @param failures at least 1
     */
    Duration retry(int failures) {
        Duration longest = FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, MOST_DOUBLINGS));
        Duration capped = longest.compareTo(LONGEST_RETRY) > 0 ? LONGEST_RETRY : longest;
        return capped.dividedBy(2)
                .plusMillis(random.nextLong(capped.dividedBy(2).toMillis() + 1));
    }
}
