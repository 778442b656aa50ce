package dev.lateen.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In this order: a second is written once, and used until another one comes. */
final class MomentsTest {
    @ParameterizedTest
    @CsvSource({
        "2026-11-27T04:05:06.007Z,       2026-11-27T04:05:06.007Z",
        "2026-11-27T04:05:06.089999999Z, 2026-11-27T04:05:06.089Z",
        "2026-11-27T04:05:07Z,           2026-11-27T04:05:07.000Z",
        "2026-11-27T04:05:06.999Z,       2026-11-27T04:05:06.999Z",
        "1970-01-01T00:00:00.100Z,       1970-01-01T00:00:00.100Z",
        "1969-12-31T23:59:59.900Z,       1969-12-31T23:59:59.900Z",
    })
    void hasMillisecondsWithoutAFormOfItsOwn(Instant moment, String text) {
        assertThat(Moments.text(moment, "", false)).isEqualTo(text);
    }
}
