package dev.lateen.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ShellTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path files;

    private Shell shell() {
        return new Shell(files, files.resolve("variables"), List.of(files));
    }

    @Test
    void whatOneLineExportsIsThereForTheNext() throws IOException, InterruptedException {
        try (Shell shell = shell()) {
            shell.run("export pod=$(echo 'a b\"c')", PATIENCE);
            assertThat(shell.run("echo \"$pod\"", PATIENCE).out()).isEqualTo("a b\"c\n");
        }
    }

    @Test
    void aLineBesideOthersExportsForItselfOnly() throws IOException, InterruptedException {
        try (Shell shell = shell()) {
            shell.run("export pod=one", PATIENCE);
            Shell.Job job = shell.start("export pod=two; echo started; sleep 1000");
            while (!job.output().contains("started")) {
                Thread.onSpinWait();
            }
            job.stop();
            assertThat(shell.run("echo $pod", PATIENCE).out()).isEqualTo("one\n");
        }
    }

    @Test
    void tellsOutputErrorsAndExitCode() throws IOException, InterruptedException {
        try (Shell shell = shell()) {
            Result result = shell.run("echo out; echo err >&2; exit 7", PATIENCE);
            assertThat(result.exit()).isEqualTo(7);
            assertThat(result.out()).isEqualTo("out\n");
            assertThat(result.all()).contains("out", "err");
        }
    }

    @Test
    void knowsProcessSubstitution() throws IOException, InterruptedException {
        try (Shell shell = shell()) {
            assertThat(shell.run("cat <(echo manifest)", PATIENCE).out()).isEqualTo("manifest\n");
        }
    }

    @Test
    void stopsWhatLastsTooLong() throws IOException, InterruptedException {
        try (Shell shell = shell()) {
            assertThat(shell.run("sleep 1000", Duration.ofMillis(200)).exit()).isEqualTo(124);
        }
    }

    @Test
    void endsABackgroundLineWithAllThatItStarted() throws IOException, InterruptedException {
        try (Shell shell = shell()) {
            Shell.Job job = shell.start("sleep 1000 & echo $! ; wait");
            while (!job.output().contains("\n")) {
                Thread.onSpinWait();
            }
            ProcessHandle sleep =
                    ProcessHandle.of(Long.parseLong(job.output().strip())).orElseThrow();
            job.stop();
            sleep.onExit().orTimeout(30, java.util.concurrent.TimeUnit.SECONDS).join();
            assertThat(sleep.isAlive()).isFalse();
        }
    }
}
