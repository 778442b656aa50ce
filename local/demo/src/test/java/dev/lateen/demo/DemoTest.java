package dev.lateen.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DemoTest {
    private final Demo demo = new Demo(new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8));

    @Test
    void whatIsMissingIsAbsentAndNeverPassed() {
        assertThat(demo.run(List.of())).hasSize(13).allSatisfy(outcome -> {
            assertThat(outcome.result()).isEqualTo("absent");
            assertThat(outcome.detail()).startsWith("needs ");
        });
    }

    @Test
    void chaptersAreChosenByName(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("demo.json");
        Demo.write(demo.run(List.of("retry")), file);
        assertThat(Files.readString(file)).contains("\"chapter\":\"retry\",\"result\":\"absent\"");
        assertThatThrownBy(() -> demo.run(List.of("nonsense")))
                .hasMessageContaining("there are: without-mesh, install");
    }
}
