package dev.lateen.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class LearnedIdleTest {
    private final LearnedIdle idle = new LearnedIdle();

    private void lived(int times, Duration life) {
        for (int i = 0; i < times; i++) {
            idle.lived(life.toNanos());
        }
    }

    private boolean mayBeUsed(Duration after) {
        return idle.mayBeUsed(after.toNanos());
    }

    @Test
    void untilAConnectionWasClosed_allAreTrusted() {
        assertThat(idle.knows()).isFalse();
        assertThat(mayBeUsed(Duration.ofHours(1))).isTrue();
    }

    @Test
    void halfOfTheShortestLife_isTrusted() {
        lived(15, Duration.ofSeconds(60));
        lived(1, Duration.ofSeconds(10));
        assertThat(mayBeUsed(Duration.ofMillis(4_999))).isTrue();
        assertThat(mayBeUsed(Duration.ofMillis(5_001))).isFalse();
    }

    @Test
    void fewLives_areTrustedLess() {
        lived(4, Duration.ofSeconds(16));
        assertThat(mayBeUsed(Duration.ofMillis(1_999))).isTrue();
        assertThat(mayBeUsed(Duration.ofMillis(2_001))).isFalse();
    }

    @Test
    void longerLives_areTrustedAgain_onceTheShortOnesAreLongAgo() {
        lived(16, Duration.ofSeconds(1));
        lived(16, Duration.ofSeconds(60));
        assertThat(mayBeUsed(Duration.ofSeconds(29))).isTrue();
    }
}
