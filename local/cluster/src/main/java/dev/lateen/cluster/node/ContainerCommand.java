package dev.lateen.cluster.node;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A short command in a running container, for probes and hooks. */
final class ContainerCommand {
    private static final int KEPT = 1024;

    private ContainerCommand() {}

    /**
     * Its exit code and the beginning of its output.
     *
     * @param code 0 for success; -1 when it did not end in time
     */
    record Result(int code, String output) {}

    static Result run(List<String> words, Duration limit) throws IOException {
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        var output = new StringBuilder();
        Thread reader = Thread.ofVirtual().start(() -> read(process.getInputStream(), output));
        try {
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (ended) {
                reader.join(Duration.ofMillis(200));
            }
            synchronized (output) {
                return new Result(
                        ended ? process.exitValue() : -1, output.toString().strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("interrupted while a command ran");
        } finally {
            process.destroyForcibly();
        }
    }

    private static void read(InputStream stream, StringBuilder output) {
        byte[] buffer = new byte[KEPT];
        try (stream) {
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                synchronized (output) {
                    if (output.length() < KEPT) {
                        output.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
                    }
                }
            }
        } catch (IOException e) {
            synchronized (output) {
                output.append(e.getMessage());
            }
        }
    }
}
