package dev.lateen.proxy.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of {@code malformed-requests.tsv}, however the bytes are cut on their way. */
final class MalformedRequestsTest {
    static Stream<Arguments> table() throws IOException {
        InputStream table = Objects.requireNonNull(
                MalformedRequestsTest.class.getResourceAsStream("malformed-requests.tsv"), "the table");
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(table, StandardCharsets.US_ASCII))) {
            List<Arguments> all = lines.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t", 3))
                    .map(row -> Arguments.of(row[0] + ": " + row[1], bytes(row[2])))
                    .toList();
            return all.stream();
        }
    }

    private static String bytes(String shown) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < shown.length(); i++) {
            char c = shown.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char escape = shown.charAt(++i);
            switch (escape) {
                case 'r' -> out.append('\r');
                case 'n' -> out.append('\n');
                case 't' -> out.append('\t');
                case '\\' -> out.append('\\');
                case 'x' -> {
                    out.append((char) Integer.parseInt(shown.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default -> throw new IllegalArgumentException("escape \\" + escape);
            }
        }
        return out.toString();
    }

    @Test
    void theTable_isLong() throws IOException {
        assertThat(table()).hasSizeGreaterThanOrEqualTo(300);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("table")
    void isAnswered400_counted_andReachesNoApp(String name, String request) {
        for (int cut = 0; cut < request.length(); cut++) {
            ServerProbe probe = new ServerProbe();
            probe.send(request.substring(0, cut)).send(request.substring(cut));
            probe.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(probe.written()).as("answer when cut at %d", cut).startsWith("HTTP/1.1 400 Bad Request\r\n");
            assertThat(probe.events)
                    .as("events when cut at %d", cut)
                    .isIn(List.of("malformed 400"), List.of("POST a / ", "reset PROTOCOL_ERROR"));
        }
    }
}
