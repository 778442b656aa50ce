package dev.lateen.cluster.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.cluster.controller.RollingUpdate.Replicas;
import dev.lateen.cluster.controller.RollingUpdate.Step;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RollingUpdateTest {
    @ParameterizedTest
    @CsvSource({
        // wanted, maxSurge, maxUnavailable -> pods too many, pods missing
        "4,      ,    , 1, 1",
        "3,      ,    , 1, 0",
        "10,  30%, 25%, 3, 2",
        "1,   50%, 50%, 1, 0",
        "3,     0,   0, 0, 1",
        "3,     0,  1%, 0, 1",
        "3,     2,   1, 2, 1",
        "0,      ,    , 0, 1",
    })
    void takesSharesOfTheWanted(
            int wanted, @Nullable String surge, @Nullable String unavailable, int tooMany, int missing) {
        assertThat(RollingUpdate.of(wanted, value(surge), value(unavailable)))
                .isEqualTo(new RollingUpdate(wanted, tooMany, missing));
    }

    private static @Nullable IntOrString value(@Nullable String text) {
        return text == null
                ? null
                : text.endsWith("%") ? new IntOrString(text) : new IntOrString(Integer.valueOf(text));
    }

    @ParameterizedTest
    @CsvSource({
        // surge, unavailable | fresh asked, available | old asked, available -> fresh, old   (3 wanted)
        "1, 0, 0, 0, 3, 3, 1, 3",
        "1, 0, 1, 0, 3, 3, 1, 3",
        "1, 0, 1, 1, 3, 3, 1, 2",
        "1, 0, 1, 1, 2, 2, 2, 2",
        "1, 0, 3, 3, 1, 1, 3, 0",
        "0, 1, 0, 0, 3, 3, 0, 2",
        "0, 1, 0, 0, 2, 2, 1, 2",
        // old pods that do not work go first, but no pod is given up for one that is not there yet
        "1, 0, 1, 0, 3, 0, 1, 3",
        "1, 0, 1, 1, 3, 0, 1, 2",
        "1, 1, 1, 1, 3, 0, 1, 1",
        "1, 0, 4, 4, 0, 0, 3, 0",
        "1, 0, 1, 1, 0, 0, 3, 0",
    })
    void movesPods(
            int surge, int unavailable, int asked, int available, int oldAsked, int oldAvailable, int fresh, int old) {
        assertThat(new RollingUpdate(3, surge, unavailable)
                        .next(new Replicas(asked, available), List.of(new Replicas(oldAsked, oldAvailable))))
                .isEqualTo(new Step(fresh, List.of(old)));
    }

    /** However slowly pods get ready, the update ends, and on its way keeps both bounds. */
    @Property
    void endsAndKeepsItsBounds(
            @ForAll @IntRange(max = 12) int wanted,
            @ForAll @IntRange(max = 4) int surge,
            @ForAll @IntRange(max = 4) int unavailable,
            @ForAll @IntRange(max = 12) int first,
            @ForAll @IntRange(min = 1, max = 4) int pace) {
        var update = RollingUpdate.of(wanted, new IntOrString(surge), new IntOrString(unavailable));
        int freshAsked = 0;
        int freshAvailable = 0;
        List<Integer> old = new ArrayList<>(List.of(Math.min(first, wanted), wanted - Math.min(first, wanted)));
        for (int step = 0; step < 200; step++) {
            Step next = update.next(
                    new Replicas(freshAsked, freshAvailable),
                    old.stream().map(asked -> new Replicas(asked, asked)).toList());
            freshAsked = next.fresh();
            old = new ArrayList<>(next.old());
            int asked = freshAsked + old.stream().mapToInt(i -> i).sum();
            int available = Math.min(freshAsked, freshAvailable)
                    + old.stream().mapToInt(i -> i).sum();
            assertThat(asked).isBetween(0, wanted + update.surge());
            assertThat(available).isGreaterThanOrEqualTo(wanted - update.unavailable());
            freshAvailable = Math.min(freshAsked, freshAvailable + pace);
        }
        assertThat(freshAsked).isEqualTo(wanted);
        assertThat(old).containsOnly(0);
    }
}
