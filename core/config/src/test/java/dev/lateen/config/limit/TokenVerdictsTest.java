package dev.lateen.config.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TokenVerdictsTest {
    private static final Instant START = Instant.parse("2026-11-27T08:00:00Z");

    private final List<String> asked = new ArrayList<>();
    private Instant now = START;
    private final TokenVerdicts<Boolean> verdicts = new TokenVerdicts<>(
            () -> now, new KeyedRate(4, Duration.ofSeconds(100), 10), 3, good -> Duration.ofSeconds(good ? 30 : 10));

    /** Tokens that begin with {@code good} are. */
    private Optional<Boolean> of(String token, String caller) {
        return verdicts.of(token, caller, () -> {
            asked.add(token);
            return token.startsWith("good");
        });
    }

    @ParameterizedTest(name = "{0} {1} s later: asked {2} times")
    @CsvSource({
        "good, 0, 1",
        "good, 29, 1",
        "good, 30, 2",
        "good, -1, 2",
        "bad, 9, 1",
        "bad, 10, 2",
    })
    void aVerdictHoldsForAWhile(String token, long seconds, int times) {
        assertThat(of(token, "a")).contains(token.equals("good"));
        now = START.plusSeconds(seconds);
        assertThat(of(token, "a")).contains(token.equals("good"));
        assertThat(asked).hasSize(times);
    }

    @Test
    void whoShowsManyThatNobodyKnowsIsHeldUpAndNobodyElse() {
        assertThat(of("good", "a")).contains(true);
        for (int i = 0; i < 3; i++) {
            assertThat(of("bad" + i, "a")).contains(false);
        }
        assertThat(of("bad3", "a")).isEmpty();
        assertThat(of("bad2", "a")).as("what is known costs no question").contains(false);
        assertThat(of("good", "b")).contains(true);
        assertThat(asked).doesNotContain("bad3");
        now = START.plusSeconds(100);
        assertThat(of("bad3", "a")).contains(false);
    }

    @Test
    void theOldestGoFirst() {
        for (String token : List.of("good1", "good2", "good3", "good4", "good2", "good1")) {
            assertThat(of(token, token)).contains(true);
        }
        assertThat(asked).containsExactly("good1", "good2", "good3", "good4", "good1");
    }

    @Test
    void aQuestionThatFailsIsAskedAgain() {
        assertThatThrownBy(() -> verdicts.of("good", "a", () -> {
                    throw new IllegalStateException("no answer");
                }))
                .hasMessage("no answer");
        assertThat(of("good", "a")).contains(true);
    }
}
