package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonTextTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            web      | "web"
            a"b\\c   | "a\\"b\\\\c"
            größe    | "größe"
            日本     | "日本"
            """, quoteCharacter = '`')
    void textAndItsBytesStandForTheSame(String text, String quoted) {
        StringBuilder json = new StringBuilder();
        JsonText.quote(text, json);
        assertThat(json).hasToString(quoted);

        StringBuilder bytes = new StringBuilder();
        JsonText.quoteBytes(ByteText.of(text), bytes);
        assertThat(ByteText.decode(bytes.toString())).isEqualTo(quoted);
    }

    @ParameterizedTest
    @CsvSource({"1, \\u0001", "8, \\b", "9, \\t", "10, \\n", "13, \\r", "127, \\u007f"})
    void controlCharactersAreEscaped(int character, String escaped) {
        StringBuilder json = new StringBuilder();
        JsonText.quote(String.valueOf((char) character), json);
        assertThat(json).hasToString("\"" + escaped + "\"");
    }

    @Test
    void bytesThatAreNoTextBecomeSignsForThat() {
        StringBuilder json = new StringBuilder();
        JsonText.quoteBytes(new String(new byte[] {'a', (byte) 0xff}, StandardCharsets.ISO_8859_1), json);
        assertThat(ByteText.decode(json.toString())).isEqualTo("\"a\ufffd\"");
    }
}
