package dev.lateen.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where lines go when nobody takes them. */
final class AccessLogWriterTest {
    /** More than fit anywhere. */
    private static final int MOST = 1_000_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    /** A pipe without a reader holds up the one who writes, and nobody who logs; every line is read or counted as lost. */
    @Test
    @Timeout(60)
    void aReaderThatIsAway_costsLinesThatAreCounted() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (AccessLogWriter writer = new AccessLogWriter()) {
            int written = 0;
            while (writer.lost() == 0 && written < MOST) {
                writer.write(pipe.toString(), written + "\n");
                written++;
            }
            long lost = writer.lost();
            assertThat(lost).isPositive();
            Set<String> read = new HashSet<>();
            try (BufferedReader reader = Files.newBufferedReader(pipe, StandardCharsets.US_ASCII)) {
                while (read.size() < written - lost) {
                    assertThat(read.add(reader.readLine())).isTrue();
                }
            }
            assertThat(writer.lost()).isEqualTo(lost);
        }
    }
}
