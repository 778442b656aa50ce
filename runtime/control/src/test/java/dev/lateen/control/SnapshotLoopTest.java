package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.mesh.Snapshot;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Changes become snapshots together, in their order; the arithmetic of times is {@link DebounceTest}'s. */
class SnapshotLoopTest {
    private static final Duration FOREVER = Duration.ofDays(1);

    private final List<Snapshot> snapshots = new CopyOnWriteArrayList<>();
    private final List<Long> since = new CopyOnWriteArrayList<>();

    private SnapshotLoop loop(Duration quiet, Duration limit, LongSupplier clock) {
        return new SnapshotLoop(
                Snapshot.empty(),
                quiet,
                limit,
                clock,
                new ProblemBoard(),
                new ControlMetrics("1"),
                (snapshot, generation, changedAt) -> {
                    assertThat(generation).isEqualTo(snapshots.size() + 1L);
                    snapshots.add(snapshot);
                    since.add(changedAt);
                });
    }

    private static void label(SnapshotLoop loop, String value) {
        loop.change(change -> change.put(new NamespaceBuilder()
                .withNewMetadata()
                .withName("shop")
                .withLabels(Map.of("v", value))
                .endMetadata()
                .build()));
    }

    @Test
    void many_changes_make_one_snapshot_with_the_last_word() throws Exception {
        try (SnapshotLoop loop = loop(Duration.ZERO, FOREVER, System::nanoTime)) {
            for (int i = 0; i < 1_000; i++) {
                label(loop, Integer.toString(i));
            }
            var settled = loop.settled();
            loop.start();
            settled.get(10, TimeUnit.SECONDS);
            assertThat(snapshots).singleElement().satisfies(snapshot -> assertThat(snapshot.namespaceLabels("shop"))
                    .isEqualTo(Map.of("v", "999")));
        }
    }

    @Test
    void at_the_limit_nothing_more_is_waited_for() throws Exception {
        AtomicLong clock = new AtomicLong();
        // Each look at the clock takes half of the limit.
        try (SnapshotLoop loop = loop(FOREVER, FOREVER, () -> clock.getAndAdd(FOREVER.toNanos() / 2))) {
            for (int i = 0; i < 5; i++) {
                label(loop, Integer.toString(i));
            }
            var settled = loop.settled();
            loop.start();
            settled.get(10, TimeUnit.SECONDS);
            assertThat(snapshots).hasSizeGreaterThan(1);
            assertThat(snapshots.getLast().namespaceLabels("shop")).isEqualTo(Map.of("v", "4"));
            assertThat(since).isSorted();
        }
    }

    @Test
    void a_change_that_cannot_be_applied_takes_no_other_along() throws Exception {
        try (SnapshotLoop loop = loop(Duration.ZERO, FOREVER, System::nanoTime)) {
            label(loop, "before");
            loop.change(change -> {
                throw new IllegalStateException("as a test wants it");
            });
            var settled = loop.settled();
            loop.start();
            settled.get(10, TimeUnit.SECONDS);
            assertThat(snapshots).singleElement().satisfies(snapshot -> assertThat(snapshot.namespaceLabels("shop"))
                    .isEqualTo(Map.of("v", "before")));
            label(loop, "before");
            loop.settled().get(10, TimeUnit.SECONDS);
            assertThat(snapshots).hasSize(1);
        }
    }
}
