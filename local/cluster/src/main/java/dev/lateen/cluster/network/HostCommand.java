package dev.lateen.cluster.network;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * One run of a tool of the host, such as {@code ip} or {@code iptables-restore}. It ends within {@value #SECONDS}
 * seconds or is killed; what it says on its error output becomes the text of the exception.
 */
public final class HostCommand {
    private static final int SECONDS = 20;

    private HostCommand() {}

    /** Runs {@code command} with {@code input} on its standard input and returns its standard output. */
    public static String run(List<String> command, String input) throws IOException {
        Process process = new ProcessBuilder(command).start();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var out = CompletableFuture.supplyAsync(() -> text(process.getInputStream()), threads);
            var err = CompletableFuture.supplyAsync(() -> text(process.getErrorStream()), threads);
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // The tool ended without reading all: its exit code and its words, below, say why.
                if (process.waitFor() == 0) {
                    return out.join();
                }
            }
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(name(command) + " did not end within " + SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                throw new IOException(name(command) + " ended with " + process.exitValue() + ": "
                        + (err.join() + out.join()).strip());
            }
            return out.join();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while running " + name(command));
        }
    }

    private static String text(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "(its output could not be read: " + e.getMessage() + ")";
        }
    }

    private static String name(List<String> command) {
        return String.join(" ", command);
    }
}
