package dev.lateen.cluster.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.cluster.store.ObjectStore.Item;
import dev.lateen.cluster.store.ObjectStore.Key;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ObjectStoreTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Key POD = new Key("pods", "default", "web");

    @TempDir
    Path directory;

    private ObjectStore store;

    @BeforeEach
    void open() throws StoreException {
        store = new ObjectStore(directory.resolve("data"), 100);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private @Nullable Item put(Key key, String value) throws StoreException {
        return store.<RuntimeException>change(key, (present, revision) -> value.getBytes(UTF_8));
    }

    private static String text(@Nullable Item item) {
        return new String(Objects.requireNonNull(item).value(), UTF_8);
    }

    @Test
    void keepsWhatItWasTold() throws StoreException {
        put(POD, "one");
        assertThat(text(store.get(POD).orElseThrow())).isEqualTo("one");
        put(POD, "two");
        assertThat(text(store.get(POD).orElseThrow())).isEqualTo("two");
        store.<RuntimeException>change(POD, (present, revision) -> null);
        assertThat(store.get(POD)).isEmpty();
    }

    @Test
    void aFullDiskRefusesObjectsAndStillRemovesThem() throws StoreException {
        store.close();
        var free = new AtomicLong(1L << 30);
        store = new ObjectStore(directory.resolve("data"), 100, free::get);
        put(POD, "one");
        free.set(1L << 20);
        assertThatThrownBy(() -> put(POD, "two"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("no space left on the disk")
                .hasMessageContaining("1024 KiB are free");
        assertThat(text(store.get(POD).orElseThrow())).isEqualTo("one");
        assertThat(store.revision()).isEqualTo(1);
        store.<RuntimeException>change(POD, (present, revision) -> null);
        assertThat(store.get(POD)).isEmpty();
        free.set(1L << 30);
        assertThat(text(put(POD, "three"))).isEqualTo("three");
    }

    @Test
    void everyChangeHasARevisionOfItsOwnThatGrows() throws StoreException {
        long first = Objects.requireNonNull(put(POD, "one")).revision();
        long second = Objects.requireNonNull(put(new Key("services", "default", "web"), "x"))
                .revision();
        long third = Objects.requireNonNull(put(POD, "two")).revision();
        assertThat(List.of(first, second, third)).isSorted().doesNotHaveDuplicates();
        assertThat(store.revision()).isEqualTo(third);
    }

    @Test
    void aChangeKnowsItsRevisionBeforehand() throws StoreException {
        Item item = store.<RuntimeException>change(
                POD, (present, revision) -> Long.toString(revision).getBytes(UTF_8));
        assertThat(text(item))
                .isEqualTo(Long.toString(Objects.requireNonNull(item).revision()));
    }

    @Test
    void listsByResourceAndNamespaceInTheirOrder() throws StoreException {
        put(new Key("pods", "b", "x"), "1");
        put(new Key("pods", "a", "y"), "2");
        put(new Key("pods", "a", "x"), "3");
        put(new Key("nodes", "", "n"), "4");
        assertThat(store.list("pods", null).items())
                .extracting(ObjectStoreTest::text)
                .containsExactly("3", "2", "1");
        assertThat(store.list("pods", "a").items())
                .extracting(ObjectStoreTest::text)
                .containsExactly("3", "2");
        assertThat(store.list("nodes", "").items())
                .extracting(ObjectStoreTest::text)
                .containsExactly("4");
        assertThat(store.list("secrets", null).items()).isEmpty();
    }

    @Test
    void aChangeThatFailsLeavesEverythingAsItWas() throws StoreException {
        put(POD, "one");
        long before = store.revision();
        assertThatThrownBy(() -> store.<IllegalStateException>change(POD, (present, revision) -> {
                    throw new IllegalStateException("no");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(text(store.get(POD).orElseThrow())).isEqualTo("one");
        assertThat(store.revision()).isEqualTo(before);
    }

    @Test
    void theSameValueIsNoChange() throws StoreException, InterruptedException, ExpiredException {
        put(POD, "one");
        long before = store.revision();
        try (Watch watch = store.watch("pods", null, before)) {
            store.<RuntimeException>change(
                    POD, (present, revision) -> Objects.requireNonNull(present).value());
            assertThat(watch.next(Duration.ZERO)).isNull();
        }
        assertThat(store.revision()).isEqualTo(before);
    }

    @Test
    void aWatchSeesChangesOfItsResourceAndNamespaceInTheirOrder()
            throws StoreException, InterruptedException, ExpiredException {
        put(POD, "one");
        try (Watch watch = store.watch("pods", "default", 0)) {
            put(new Key("pods", "other", "web"), "x");
            put(new Key("services", "default", "web"), "x");
            put(POD, "two");
            store.<RuntimeException>change(POD, (present, revision) -> null);
            assertThat(events(watch, 3)).containsExactly("ADDED one", "MODIFIED two", "DELETED two");
            assertThat(watch.next(Duration.ZERO)).isNull();
        }
    }

    private static List<String> events(Watch watch, int count) throws InterruptedException {
        List<String> seen = new ArrayList<>();
        while (seen.size() < count) {
            StoreEvent event = Objects.requireNonNull(watch.next(PATIENCE));
            seen.add(event.type() + " " + text(event.item()));
        }
        return seen;
    }

    @Test
    void aWatchFromBeforeWhatIsRememberedIsRefused() throws StoreException {
        for (int i = 0; i < 102; i++) {
            put(POD, "value " + i);
        }
        assertThatThrownBy(() -> store.watch("pods", null, 1)).isInstanceOf(ExpiredException.class);
    }

    @Test
    void anotherProcessFindsWhatWasWritten() throws StoreException {
        put(POD, "one");
        put(new Key("pods", "default", "gone"), "x");
        store.<RuntimeException>change(new Key("pods", "default", "gone"), (present, revision) -> null);
        long revision = store.revision();
        store.close();
        store = new ObjectStore(directory.resolve("data"), 100);
        assertThat(store.list("pods", null).items())
                .extracting(ObjectStoreTest::text)
                .containsExactly("one");
        assertThat(store.revision()).isEqualTo(revision);
        assertThat(store.get(POD).orElseThrow().revision()).isEqualTo(1);
        assertThatThrownBy(() -> store.watch("pods", null, 0)).isInstanceOf(ExpiredException.class);
    }

    @Test
    void nobodyComesBetweenReadingAndWriting() throws Exception {
        put(POD, "0");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                running.add(threads.submit(() -> store.<RuntimeException>change(
                        POD, (present, revision) -> Integer.toString(Integer.parseInt(text(present)) + 1)
                                .getBytes(UTF_8))));
            }
            for (Future<?> each : running) {
                each.get();
            }
        }
        assertThat(text(store.get(POD).orElseThrow())).isEqualTo("50");
    }

    @Test
    void aFileThatIsInUseIsNamed() {
        assertThatThrownBy(() -> new ObjectStore(directory.resolve("data"), 100))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(directory.resolve("data").toString())
                .hasMessageContaining("another cluster may be using it");
    }
}
