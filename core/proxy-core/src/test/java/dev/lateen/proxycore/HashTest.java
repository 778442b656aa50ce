package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HashTest {
    /** Values of the reference implementation. */
    @ParameterizedTest
    @CsvSource({
        "'',               0, ef46db3751d8e999",
        "a,                0, d24ec4f1a98c6e5b",
        "abc,              0, 44bc2cf5ad770999",
        "abcdefg,          0, 1860940e2902822d",
        "abcdefghijkl,     1, 0864d2aa7e89bd8b",
        "10.0.0.1:80_0,    0, 75041381e7371a08",
        "10.0.0.1:80,      1, a456919bcbffaa92",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,  0, 60dd0d01083b99f0",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, 0, e2df261fc2ec30eb",
        "'The quick brown fox jumps over the lazy dog, twice over.', 0, fb9f56ced8ad4fc4",
        "\u00e9,           0, 17d757dfb8b46f78",
    })
    void xxh64(String text, long seed, String expected) {
        assertThat(Hash.of(text.getBytes(StandardCharsets.UTF_8), seed))
                .isEqualTo(Long.parseUnsignedLong(expected, 16));
        if (seed == 0) {
            assertThat(Hash.of(ByteText.of(text))).isEqualTo(Long.parseUnsignedLong(expected, 16));
        }
    }
}
