package dev.lateen.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a real bash completes by the script. */
class CompletionTest {
    /**
     * Asks the function that the script registered for the last of the words. Outside of a prompt bash refuses {@code
     * compopt}, which only says whether names of files are completed too.
     */
    private static final String ASK = """
            compopt() { :; }
            source "$1" && shift
            function=$(complete -p lateen | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
            COMP_WORDS=(lateen "$@") COMP_CWORD=$# COMP_LINE="lateen $*" COMP_POINT=${#COMP_LINE}
            "$function" lateen "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[@]}"
            """;

    @TempDir
    private static Path directory;

    @BeforeAll
    static void script() throws IOException {
        PrintStream out = System.out;
        try (PrintStream file =
                new PrintStream(Files.newOutputStream(directory.resolve("script")), true, StandardCharsets.UTF_8)) {
            System.setOut(file);
            assertThat(Main.run("completion", "bash")).isZero();
        } finally {
            System.setOut(out);
        }
    }

    @ParameterizedTest(name = "lateen {0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
        # typed              | completed
        proxy-c              | proxy-config
        egr                  | egress
        egress le            | learn
        egress probe --fr    | --from
        up --ba              | --bare
        proxy-config bootst  | bootstrap
        proxy-config clusters --fq | --fqdn
        proxy rout           | router
        """)
    void completes(String typed, String completed) throws IOException, InterruptedException {
        assertThat(ask(typed)).isEqualTo(completed);
    }

    private static String ask(String typed) throws IOException, InterruptedException {
        ProcessBuilder bash = new ProcessBuilder(
                "bash", "-c", ASK, "bash", directory.resolve("script").toString());
        bash.command().addAll(List.of(typed.split(" ")));
        Process process = bash.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return said.strip();
    }
}
