package dev.lateen.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The bounds of the claims that rest on chance: all of them together fail honest code less than once in 10,000 runs. */
final class BoundsTest {
    /** So many calls, each a hit with that probability, must give a count within bounds; so many times in one walk. */
    private record Bound(String claim, int calls, double probability, int low, int high, int times) {
        /** That the count is out of bounds: the sum of the binomial distribution outside. */
        double failure() {
            double outside = 0;
            double term = calls * Math.log1p(-probability);
            for (int k = 0; k <= calls; k++) {
                if (k < low || k > high) {
                    outside += Math.exp(term);
                }
                term += Math.log((calls - k) / (k + 1.0)) + Math.log(probability / (1 - probability));
            }
            return outside * times;
        }
    }

    private static final List<Bound> BOUNDS = List.of(
            new Bound("busy calls that fail", 100, 0.5, 25, 75, 2),
            new Bound("v2 by replicas", 300, 0.5, 105, 195, 1),
            new Bound("v2 by weight", 1000, 0.1, 55, 150, 3),
            new Bound("v2 by weight, together", 3000, 0.1, 232, 374, 1),
            new Bound("a pod at random", 600, 1 / 6.0, 55, 150, 6),
            new Bound("the same pod again", 599, 1 / 6.0, 60, 143, 1),
            new Bound("a call at failRate=99 that fails, in three", 3, 0.99, 1, 3, 1));

    @Test
    void honestCodeFailsLessThanOnceInTenThousandRuns() {
        assertThat(BOUNDS.stream().mapToDouble(Bound::failure).sum()).isLessThan(1e-4);
    }

    @Test
    void aWrongShareFails() {
        assertThat(new Bound("v2 gets a fifth", 1000, 0.2, 55, 150, 1).failure())
                .isGreaterThan(0.999);
        assertThat(new Bound("v2 gets nothing", 1000, 0.001, 55, 150, 1).failure())
                .isGreaterThan(0.999);
        assertThat(new Bound("round robin repeats none", 599, 0.001, 60, 143, 1).failure())
                .isGreaterThan(0.999);
    }
}
