package dev.lateen.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OuterProcessTest {
    private static final String REST = " 1 7 7 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 4711 3 4 5";

    @TempDir
    Path directory;

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "sleeping,             7 (unshare) S,       4711",
        "running,              7 (unshare) R,       4711",
        "brackets in its name, 7 (a) Z (b) S,       4711",
        "ended and listed,     7 (unshare) Z,       ''",
        "ending,               7 (unshare) X,       ''",
    })
    void aProcessIsKnownByItsStartTimeWhileItRuns(String what, String head, String expected) {
        assertThat(OuterProcess.startTime(head + REST)).as(what).isEqualTo(expected);
    }

    @Test
    void aFileNamesARunningProcessOrNone() throws IOException {
        Path file = directory.resolve("pid");
        assertThat(OuterProcess.read(file)).isEmpty();
        String own = OuterProcess.startTime(Files.readString(Path.of("/proc/self/stat")));
        Files.writeString(file, ProcessHandle.current().pid() + " " + own + "\n");
        assertThat(OuterProcess.read(file)).isPresent();
        Files.writeString(file, ProcessHandle.current().pid() + " 1\n");
        assertThat(OuterProcess.read(file)).isEmpty();
        Files.writeString(file, "half");
        assertThat(OuterProcess.read(file)).isEmpty();
    }
}
