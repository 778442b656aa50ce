package dev.lateen.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When certificates are renewed. */
class RenewalTest {
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    @ParameterizedTest
    @CsvSource({
        // chance, life, renewed after
        "0.0, PT24H, PT11H45M36S",
        "0.5, PT24H, PT12H",
        "0.999999999, PT24H, PT12H14M23.999S",
        "0.5, PT10S, PT5S",
    })
    void at_half_of_its_life_with_a_hundredth_of_it_to_and_fro(double chance, Duration life, Duration after) {
        assertThat(new Renewal(always(chance)).due(NOW, NOW.plus(life))).isEqualTo(NOW.plus(after));
    }

    @ParameterizedTest
    @CsvSource({
        // failures, at least, at most
        "1, PT0.1S, PT0.2S",
        "2, PT0.2S, PT0.4S",
        "5, PT1.6S, PT3.2S",
        "9, PT15S, PT30S",
        "1000, PT15S, PT30S",
    })
    void after_failures_less_and_less_often_but_at_least_twice_a_minute(int failures, Duration least, Duration most) {
        for (int seed = 0; seed < 100; seed++) {
            assertThat(new Renewal(new java.util.Random(seed)).retry(failures)).isBetween(least, most);
        }
    }

    @Test
    void a_mesh_does_not_ask_all_at_once() {
        var random = new java.util.Random(1);
        assertThat(java.util.stream.IntStream.range(0, 100)
                        .mapToObj(_ -> new Renewal(random).due(NOW, NOW.plus(Duration.ofDays(1))))
                        .distinct())
                .hasSizeGreaterThan(90);
    }

    private static RandomGenerator always(double chance) {
        return new java.util.Random() {
            private static final long serialVersionUID = 1L;

            @Override
            public double nextDouble() {
                return chance;
            }
        };
    }
}
