package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.util.List;

/** The shares of a rule's destinations. */
final class Weights {
    private static final long MOST = (1L << 32) - 1;

    private Weights() {}

    static void check(List<Integer> weights, Findings findings) {
        long sum = weights.stream().mapToLong(Integer::longValue).sum();
        if (weights.size() > 1 && sum == 0) {
            findings.error("route", "the weights of several destinations must not all be 0");
        }
        if (sum > MOST) {
            findings.error("route", "the weights add up to more than " + MOST);
        }
    }
}
