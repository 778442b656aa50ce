package dev.lateen.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console beside the chapters, with programs that stand in for lateen, kubectl and the browser. */
final class ConsoleWatchTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path files;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private void program(String name, String script) throws IOException {
        Path file = files.resolve(name);
        Files.writeString(file, "#!/bin/bash\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    private Shell shell(String display) throws IOException, InterruptedException {
        program("kubectl", "exit 1");
        program("xdg-open", "echo \"$1\" >" + files.resolve("opened"));
        Shell shell = new Shell(files, files.resolve("variables"), List.of(files));
        shell.run("unset WAYLAND_DISPLAY; export WAYLAND_DISPLAY=; export DISPLAY=" + display, PATIENCE);
        return shell;
    }

    private String open(Shell shell, ConsoleWatch watch) throws IOException, InterruptedException {
        var out = new PrintStream(printed, true, StandardCharsets.UTF_8);
        watch.open(new Walk(shell, out, new Scenery(List.of(), false, watch)));
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static final String CONSOLE = """
            echo $$ >%s
            echo "http://127.0.0.1:$4/map"
            sleep 1000""";

    private boolean consoleRuns() throws IOException {
        long pid = Long.parseLong(Files.readString(files.resolve("pid")).strip());
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    @Test
    void opensInABrowser_andEnds() throws Exception {
        program("lateen", CONSOLE.formatted(files.resolve("pid")));
        try (Shell shell = shell(":1")) {
            ConsoleWatch watch = new ConsoleWatch(shell, true);
            assertThat(open(shell, watch))
                    .containsPattern("The console is at http://127.0.0.1:\\d+/map until the demo ends")
                    .doesNotContain("no display");
            Path opened = files.resolve("opened");
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!(Files.exists(opened) && Files.size(opened) > 0) && System.nanoTime() < deadline) {
                Thread.onSpinWait(); // the browser starts beside
            }
            assertThat(Files.readString(opened)).startsWith("http://127.0.0.1:");
            assertThat(consoleRuns()).isTrue();
            open(shell, watch);
            assertThat(printed.toString(StandardCharsets.UTF_8)).containsOnlyOnce("The console is at");
            watch.close();
            while (consoleRuns() && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(consoleRuns()).isFalse();
        }
    }

    @Test
    void saysItsAddressWhereThereIsNoDisplay() throws Exception {
        program("lateen", CONSOLE.formatted(files.resolve("pid")));
        try (Shell shell = shell("");
                ConsoleWatch watch = new ConsoleWatch(shell, true)) {
            assertThat(open(shell, watch)).contains("The console is at http", "no display");
            assertThat(files.resolve("opened")).doesNotExist();
        }
    }

    @Test
    void aConsoleThatDoesNotOpenIsSaid() throws Exception {
        program("lateen", "echo 'lateen: no pod'; exit 1");
        try (Shell shell = shell(":1");
                ConsoleWatch watch = new ConsoleWatch(shell, true)) {
            assertThat(open(shell, watch)).contains("the console did not open", "no pod");
        }
    }

    @Test
    void nothingOpensUnlessAsked() throws Exception {
        program("lateen", "touch " + files.resolve("pid"));
        try (Shell shell = shell(":1");
                ConsoleWatch watch = new ConsoleWatch(shell, false)) {
            assertThat(open(shell, watch)).isEmpty();
            assertThat(files.resolve("pid")).doesNotExist();
        }
    }
}
