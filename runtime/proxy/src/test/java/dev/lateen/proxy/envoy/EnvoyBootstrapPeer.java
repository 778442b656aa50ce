package dev.lateen.proxy.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.xds.XdsJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A real Envoy on what we start it with; system property {@code lateen.envoy} names its program. Not one of the build's
 * tests, which have no Envoy: {@code .ci/parts/sidecar-envoy} runs it by name.
 */
class EnvoyBootstrapPeer {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"0, 0", "1337, 5353"})
    void takesIt(String mark, int resolver) throws Exception {
        Path file = Files.writeString(
                directory.resolve("envoy.json"),
                XdsJson.print(EnvoyBootstrapTest.bootstrap(Map.of("LATEEN_SOCKET_MARK", mark), resolver)));
        Process envoy = new ProcessBuilder(
                        Objects.requireNonNull(System.getProperty("lateen.envoy"), "-Dlateen.envoy=PROGRAM"),
                        "--mode",
                        "validate",
                        "--config-path",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(envoy.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(envoy.waitFor()).as(said).isEqualTo(0);
        assertThat(said).endsWith("OK\n").doesNotContain("deprecated");
    }
}
