package dev.lateen.cluster.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs the kubectl of this machine against a server, in an empty home. */
record Kubectl(String server, Path home, Map<String, String> environment) {
    /** What a run gave. */
    record Result(int exitCode, String out, String err) {}

    Process start(String... arguments) throws IOException {
        var line = new ArrayList<>(List.of("kubectl", "--server", server, "-n", "shop"));
        line.addAll(List.of(arguments));
        var builder = new ProcessBuilder(line);
        builder.environment().put("HOME", home.toString());
        builder.environment().put("KUBECONFIG", home.resolve("none").toString());
        builder.environment().putAll(environment);
        return builder.start();
    }

    Result run(byte[] input, String... arguments) throws Exception {
        Process process = start(arguments);
        var out = CompletableFuture.supplyAsync(() -> text(process, true));
        var err = CompletableFuture.supplyAsync(() -> text(process, false));
        try (var stdin = process.getOutputStream()) {
            stdin.write(input);
        } catch (IOException enough) {
            // kubectl ends when the command does, with or without all of the input.
            assertThat(enough).hasMessageContaining("Broken pipe");
        }
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("kubectl did not end: " + List.of(arguments) + "\n" + err.get());
        }
        return new Result(process.exitValue(), out.get(), err.get());
    }

    Result run(String... arguments) throws Exception {
        return run(new byte[0], arguments);
    }

    private static String text(Process process, boolean out) {
        try (var stream = out ? process.getInputStream() : process.getErrorStream()) {
            return new String(stream.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException broken) {
            throw new IllegalStateException("reading kubectl's output", broken);
        }
    }
}
