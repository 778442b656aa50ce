package dev.lateen.control.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.control.secret.FileSecrets;
import dev.lateen.mesh.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Files that change while they are looked at; the clock stands until it is moved. */
class DirectorySourceTest {
    private static final Duration QUIET = Duration.ofMillis(100);
    private static final Duration NOTHING = Duration.ZERO;

    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: %s, namespace: shop}
            spec: {host: %s}
            """;
    private static final String TWO = RULE.formatted("one", "web") + "---\n" + RULE.formatted("two", "web");

    @TempDir
    private Path directory;

    private final Told told = new Told();
    private long nanos;
    private int writes;
    private Path file;
    private Runnable meanwhile = () -> {};
    private DirectorySource source;

    @SuppressWarnings("NullAway.Init") // set before each test
    DirectorySourceTest() {}

    /** What is told, as a control plane keeps it. */
    private static final class Told implements ChangeSink {
        private Snapshot snapshot = Snapshot.empty();
        private int changes;
        private final Map<ObjectName, List<Problem>> problems =
                new TreeMap<>(java.util.Comparator.comparing(ObjectName::toString));

        @Override
        public void change(Consumer<Snapshot.Change> change) {
            changes++;
            Snapshot.Change next = snapshot.change();
            change.accept(next);
            snapshot = next.apply();
        }

        @Override
        public void told(boolean rule, String kind, String event) {}

        @Override
        public void read(ObjectName object, long generation, List<Problem> found, JsonNode tree) {
            problems.put(object, found);
        }

        List<String> objects() {
            return snapshot.config().keySet().stream()
                    .map(ObjectName::name)
                    .sorted()
                    .toList();
        }

        String refusals() {
            return String.join(
                    "; ",
                    problems.values().stream()
                            .flatMap(List::stream)
                            .map(Problem::toString)
                            .toList());
        }
    }

    @BeforeEach
    void begin() throws IOException {
        file = directory.resolve("rules.yaml");
        write(TWO);
        source = new DirectorySource(directory, "istio-system", new FileSecrets(), QUIET, () -> nanos, path -> {
            String text = Files.readString(path);
            meanwhile.run();
            return text;
        });
        assertThat(source.look(told)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("one", "two");
    }

    /** Each write is a millisecond after the one before, as the file system tells it. */
    private void write(String text) {
        try {
            Files.writeString(file, text);
            writes++;
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH.plusMillis(writes)));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Duration after(Duration time) {
        nanos += time.toNanos();
        return source.look(told);
    }

    @Test
    void a_file_that_is_written_in_steps_counts_when_it_is_quiet() {
        Duration half = QUIET.dividedBy(2);
        write("");
        assertThat(after(half)).isEqualTo(QUIET);
        write(RULE.formatted("one", "web"));
        assertThat(after(half)).isEqualTo(QUIET);
        write(RULE.formatted("one", "web") + "---\n" + RULE.formatted("three", "web"));
        assertThat(after(half)).isEqualTo(QUIET);
        assertThat(after(half)).isEqualTo(half);
        assertThat(told.objects()).containsExactly("one", "two");
        assertThat(after(half)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("one", "three");
    }

    @Test
    void a_file_that_is_replaced_by_another_is_not_missed() throws IOException {
        Files.delete(file);
        assertThat(after(QUIET)).isEqualTo(QUIET);
        write(RULE.formatted("three", "web"));
        assertThat(after(QUIET.dividedBy(2))).isEqualTo(QUIET);
        assertThat(told.objects()).containsExactly("one", "two");
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("three");
    }

    @Test
    void a_file_that_is_gone_is_gone() throws IOException {
        Files.delete(file);
        assertThat(after(QUIET)).isEqualTo(QUIET);
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.objects()).isEmpty();
        assertThat(after(QUIET)).isEqualTo(NOTHING);
    }

    @Test
    void a_file_that_is_written_while_it_is_read_is_read_again() {
        write(RULE.formatted("one", "web"));
        assertThat(after(QUIET)).isEqualTo(QUIET);
        meanwhile = () -> write(TWO + "---\n" + RULE.formatted("three", "web"));
        assertThat(after(QUIET)).isEqualTo(QUIET);
        meanwhile = () -> {};
        assertThat(told.objects()).containsExactly("one", "two");
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("one", "three", "two");
    }

    @Test
    void what_is_read_at_one_time_is_told_at_one_time() throws IOException {
        int before = told.changes;
        write(RULE.formatted("three", "web") + "---\n" + RULE.formatted("four", "web"));
        Files.writeString(directory.resolve("other.yaml"), RULE.formatted("other", "web"));
        after(QUIET);
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("four", "other", "three");
        assertThat(told.changes).isEqualTo(before + 1);
    }

    @Test
    void other_files_do_not_wait() throws IOException {
        write("");
        assertThat(after(QUIET)).isEqualTo(QUIET);
        Files.writeString(directory.resolve("other.yaml"), RULE.formatted("other", "web"));
        assertThat(after(QUIET.dividedBy(2))).isEqualTo(QUIET.dividedBy(2));
        write(TWO + "\n");
        assertThat(after(QUIET)).isEqualTo(QUIET);
        assertThat(told.objects()).containsExactly("one", "other", "two");
    }

    @Test
    void a_file_that_is_wrong_keeps_what_it_said_and_is_refused_by_its_line() {
        write(RULE.formatted("one", "[web"));
        after(QUIET);
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("one", "two");
        assertThat(told.refusals()).contains("rules.yaml:");

        write(RULE.formatted("one", "web"));
        after(QUIET);
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("one");
        assertThat(told.refusals()).isEmpty();
    }

    @Test
    void a_file_that_could_not_be_read_is_read_when_it_can_be() throws IOException {
        String text = Files.readString(file);
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe});
        after(QUIET);
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.objects()).containsExactly("one", "two");
        assertThat(told.refusals()).contains("cannot be read");
        write(text);
        after(QUIET);
        assertThat(after(QUIET)).isEqualTo(NOTHING);
        assertThat(told.refusals()).isEmpty();
    }
}
