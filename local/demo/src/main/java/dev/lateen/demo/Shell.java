package dev.lateen.demo;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A user's shell: runs lines of bash one after the other in one directory, what a line exports being there for the next
 * one. Used by one thread; {@link #close} may come from another.
 */
final class Shell implements AutoCloseable {
    private static final int MOST_KEPT = 8 << 20;
    private static final int TIMED_OUT = 124;
    private static final String LINE = """
            [ -s "$LATEEN_VARIABLES" ] && . "$LATEEN_VARIABLES"
            eval "$1"
            """;
    /** What a line exports is written at its end, whole or not at all. */
    private static final String REMEMBERED = """
            trap 'declare -px > "$LATEEN_VARIABLES.new" && mv "$LATEEN_VARIABLES.new" "$LATEEN_VARIABLES"' EXIT
            """ + LINE;

    private final Path directory;
    private final Path variables;
    private final List<Path> programs;
    private final Set<Process> running = ConcurrentHashMap.newKeySet();

    /**
     * A shell in {@code directory} that finds {@code programs} before others.
     *
     * @param variables a file for what lines export
     */
    Shell(Path directory, Path variables, List<Path> programs) {
        this.directory = directory;
        this.variables = variables;
        this.programs = List.copyOf(programs);
    }

    /** Runs a line to its end; after {@code patience} it is stopped and its exit code is 124. */
    Result run(String line, Duration patience) throws IOException, InterruptedException {
        long started = System.nanoTime();
        Job job = start(REMEMBERED, line);
        try {
            if (job.process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return job.result(job.process.exitValue(), Duration.ofNanos(System.nanoTime() - started));
            }
        } finally {
            job.stop();
        }
        return job.result(TIMED_OUT, Duration.ofNanos(System.nanoTime() - started));
    }

    /** Starts a line that goes on beside others until it is stopped; what it exports is its own. */
    Job start(String line) throws IOException {
        return start(LINE, line);
    }

    private Job start(String script, String line) throws IOException {
        var builder = new ProcessBuilder("bash", "-c", script, "bash", line)
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile());
        var path = new ArrayList<>(programs.stream().map(Path::toString).toList());
        path.add(System.getenv().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"));
        builder.environment().put("PATH", String.join(":", path));
        builder.environment().put("LATEEN_VARIABLES", variables.toString());
        Process process = builder.start();
        running.add(process);
        return new Job(process);
    }

    /** Ends whatever still runs. */
    @Override
    public void close() {
        running.forEach(Shell::end);
    }

    private static void end(Process process) {
        List<ProcessHandle> below = process.descendants().toList();
        process.destroy();
        below.stream()
                .sorted(Comparator.comparingLong(ProcessHandle::pid).reversed())
                .forEach(ProcessHandle::destroy);
    }

    /** A line that runs; its output is read as it comes. */
    final class Job {
        private final Process process;
        private final StringWriter all = new StringWriter();
        private final StringWriter out = new StringWriter();
        private final Thread outReader;
        private final Thread errReader;

        private Job(Process process) {
            this.process = process;
            outReader = read(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8), out);
            errReader = read(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8), null);
        }

        private Thread read(Reader from, @Nullable Writer also) {
            return Thread.ofVirtual().start(() -> {
                char[] buffer = new char[8192];
                try (from) {
                    for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                        String text = new String(buffer, 0, n);
                        if (all.getBuffer().length() < MOST_KEPT) {
                            all.append(text);
                            if (also != null) {
                                also.append(text);
                            }
                        }
                    }
                } catch (IOException e) {
                    all.append("\n(reading the output failed: ")
                            .append(e.getMessage())
                            .append(")\n");
                }
            });
        }

        /** Whether it has not ended. */
        boolean runs() {
            return process.isAlive();
        }

        /** What it has printed so far. */
        String output() {
            return all.toString();
        }

        private Result result(int exit, Duration took) throws InterruptedException {
            outReader.join(Duration.ofSeconds(10));
            errReader.join(Duration.ofSeconds(10));
            return new Result(exit, out.toString(), all.toString(), took);
        }

        /** Ends it, with all that it started. */
        void stop() {
            end(process);
            running.remove(process);
        }
    }
}
