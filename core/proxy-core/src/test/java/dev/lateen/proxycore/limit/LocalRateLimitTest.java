package dev.lateen.proxycore.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.TextProto;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalRateLimitTest {
    private final Random random = new Random(5);

    private static LocalRateLimit limit(String text) throws CompileException {
        Place at = Place.of("listener", "l");
        return LocalRateLimit.of(
                at.known(TextProto.parse(
                                text,
                                io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                                        .newBuilder())
                        .build()),
                at);
    }

    private static final String FIVE =
            "token_bucket { max_tokens: 5 tokens_per_fill { value: 2 } fill_interval { seconds: 1 } } ";
    private static final String ON = "filter_enabled { default_value { numerator: 100 } } ";
    private static final String ENFORCED = "filter_enforced { default_value { numerator: 100 } } ";

    private int passing(LocalRateLimit limit, int requests, long now) {
        int passed = 0;
        for (int i = 0; i < requests; i++) {
            passed += limit.decide(now, random) == LocalRateLimit.Verdict.PASSES ? 1 : 0;
        }
        return passed;
    }

    @Test
    void a_full_bucket_then_what_comes_back() throws Exception {
        LocalRateLimit limit = limit(FIVE + ON + ENFORCED);
        long start = 1_000_000_007L;
        assertThat(passing(limit, 100, start)).isEqualTo(5);
        assertThat(passing(limit, 100, start + TimeUnit.MILLISECONDS.toNanos(499)))
                .isZero();
        assertThat(passing(limit, 100, start + TimeUnit.MILLISECONDS.toNanos(500)))
                .isEqualTo(1);
        assertThat(passing(limit, 100, start + TimeUnit.MILLISECONDS.toNanos(1500)))
                .isEqualTo(2);
        assertThat(passing(limit, 100, start + TimeUnit.HOURS.toNanos(1))).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        enabled and enforced  | 5   | 0
        enabled               | 5   | 95
        neither               | 100 | 0
        """)
    void only_what_is_enabled_and_enforced(String name, int passes, int marked) throws Exception {
        LocalRateLimit limit =
                limit(FIVE + (name.contains("enabled") ? ON : "") + (name.contains("enforced") ? ENFORCED : ""));
        int passed = 0;
        int passedMarked = 0;
        for (int i = 0; i < 100; i++) {
            LocalRateLimit.Verdict verdict = limit.decide(1, random);
            passed += verdict == LocalRateLimit.Verdict.PASSES ? 1 : 0;
            passedMarked += verdict == LocalRateLimit.Verdict.PASSES_MARKED ? 1 : 0;
        }
        assertThat(passed).isEqualTo(passes);
        assertThat(passedMarked).isEqualTo(marked);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        token_bucket { max_tokens: 5 fill_interval { nanos: 1000000 } } | fill_interval: must be at least 50 ms
        token_bucket { fill_interval { seconds: 1 } }                   | max_tokens: must be at least 1
        token_bucket { max_tokens: 5 tokens_per_fill { } fill_interval { seconds: 1 } } | tokens_per_fill: must be at least 1
        descriptors { }                                                 | descriptors: not supported
        local_rate_limit_per_downstream_connection: true                | local_rate_limit_per_downstream_connection: not supported
        """)
    void what_cannot_be_honoured_is_refused(String text, String message) {
        assertThatThrownBy(() -> limit(text)).hasMessageContaining(message);
    }

    @Property
    void never_more_than_the_bucket_and_what_came_back(
            @ForAll @IntRange(min = 1, max = 50) int most,
            @ForAll @LongRange(min = 1, max = 1_000_000) long nanosPerToken,
            @ForAll long seed) {
        TokenBucket bucket = new TokenBucket(most, nanosPerToken);
        Random steps = new Random(seed);
        long begin = steps.nextLong() / 2;
        long now = begin;
        long taken = 0;
        for (int i = 0; i < 500; i++) {
            now += steps.nextLong(nanosPerToken * 2);
            taken += bucket.take(now) ? 1 : 0;
            assertThat(taken).isLessThanOrEqualTo(most + (now - begin) / nanosPerToken);
        }
    }
}
