package dev.lateen.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DemoTest {
    private static final Claim HOLDS = Claim.within("a", 1, 1, 1);
    private static final Claim FAILS = Claim.within("b", 1, 1, 2);

    @TempDir
    Path files;

    private static Outcome outcome(List<Claim> claims, List<String> absent, String problem) {
        return Outcome.of("x", "X", claims, absent, problem, Duration.ofSeconds(3), Duration.ofSeconds(1));
    }

    @Test
    void aChapterPassesOnlyByClaimsThatHold() {
        assertThat(outcome(List.of(HOLDS), List.of(), "").status()).isEqualTo(Outcome.Status.PASSED);
        assertThat(outcome(List.of(HOLDS), List.of("grafana"), "").status()).isEqualTo(Outcome.Status.PASSED);
        assertThat(outcome(List.of(HOLDS, FAILS), List.of(), "").status()).isEqualTo(Outcome.Status.FAILED);
        assertThat(outcome(List.of(HOLDS), List.of(), "no").status()).isEqualTo(Outcome.Status.FAILED);
        assertThat(outcome(List.of(), List.of(), "").status()).isEqualTo(Outcome.Status.FAILED);
        assertThat(outcome(List.of(), List.of("tracing"), "").status()).isEqualTo(Outcome.Status.ABSENT);
    }

    @Test
    void boundsAreIncluded() {
        assertThat(Claim.within("a", 2, 4, 2).holds()).isTrue();
        assertThat(Claim.within("a", 2, 4, 4).holds()).isTrue();
        assertThat(Claim.within("a", 2, 4, 5).holds()).isFalse();
        assertThat(Claim.within("a", 2, 4, 1).holds()).isFalse();
        assertThat(Claim.atLeast("a", 2, 1).holds()).isFalse();
        assertThat(Claim.atLeast("a", 2, 2).holds()).isTrue();
    }

    @Test
    void refusesAChapterThatIsNone() {
        var out = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        var demo = new Demo(
                new Demo.Options(files.resolve("lateen"), List.of("nonsense"), false, List.of(), false, false), out);
        assertThatThrownBy(demo::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nonsense")
                .hasMessageContaining("canary-cookie");
    }

    @Test
    void writesWhatWasSeenAsJson() throws IOException {
        Path file = files.resolve("outcomes.json");
        Demo.write(List.of(outcome(List.of(HOLDS, FAILS), List.of("grafana"), "it \"broke\"")), file);
        assertThat(Files.readString(file))
                .contains(
                        "\"result\" : \"failed\"",
                        "\"secondsWaited\" : 1.0",
                        "\"seen\" : \"2\"",
                        "\"grafana\"",
                        "it \\\"broke\\\"");
    }

    @Test
    void theTutorialListsEveryDeviation() throws IOException {
        String readme = Files.readString(Path.of("../../tutorial/README.md"));
        assertThat(Arrays.stream(Deviation.values()).map(Deviation::reason))
                .allSatisfy(reason -> assertThat(readme).contains(reason));
    }
}
