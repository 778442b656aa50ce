package dev.lateen.acceptance.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs the promises in network and mount namespaces of their own, which the caller made:
 *
 * <pre>
 * unshare --net --mount … java … Faults FILE [--write] [--only EXPRESSION]
 * </pre>
 *
 * FILE is the table of promises; it must say what this run asks, or is written by it. The last line is {@code N passed, M
 * failed}.
 */
public final class Faults {
    private static final String HEAD = """
            # Faults

            What a caller sees while things break. `.ci/parts/faults` makes each fault with real packets, in a network namespace of its own: a caller whose connections are captured as in a pod, its sidecar, apps, and a control plane whose rules are files. It writes this table (`.ci/parts/faults --write`), fails when a promise is not kept or the table says anything else, and prints what it saw, times included.

            Without an explicit `retries` only what provably never reached the app is sent again; an explicit rule is obeyed. Flags are those of the access log (`%RESPONSE_FLAGS%`): UC for a connection that the app ended, UT for a time limit, URX for retries used up. Nothing may take longer than 20 s: what does counts as lost.

            | promise | fault | calls | must be seen |
            | --- | --- | --- | --- |
            """;

    private int passed;
    private int failed;

    /** See the class. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        // As the program of a proxy does: no name is remembered but by who asks again.
        Security.setProperty("networkaddress.cache.ttl", "0");
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        List<String> words = List.of(arguments);
        Path file = Path.of(words.getFirst());
        int only = words.indexOf("--only");
        Faults run = new Faults();
        if (words.contains("--write")) {
            Files.writeString(file, table());
        }
        run.check(
                "the table says what is asked",
                Files.exists(file) && Files.readString(file).equals(table()),
                "run .ci/parts/faults --write, and look at the difference");
        try {
            run.all(Pattern.compile(only < 0 ? "" : words.get(only + 1)));
        } catch (IOException | RuntimeException e) {
            run.check("the scene is there", false, e.toString());
        }
        System.out.println(run.passed + " passed, " + run.failed + " failed");
        System.exit(run.failed == 0 ? 0 : 1);
    }

    private static String table() {
        return Promises.all().stream().map(Promise::row).collect(Collectors.joining("\n", HEAD, "\n"));
    }

    private void all(Pattern only) throws IOException, InterruptedException {
        Network.prepare();
        Network.captureOutbound();
        Path work = Files.createTempDirectory("faults");
        try (Scene scene = new Scene(work)) {
            int number = 0;
            for (Promise promise : Promises.all()) {
                String prefix = "p" + ++number + "-";
                if (only.matcher(promise.row()).find()) {
                    long start = System.nanoTime();
                    Promise.Seen seen;
                    try {
                        seen = promise.run().run(scene, prefix, promise.calls());
                    } catch (IOException e) {
                        seen = new Promise.Seen(false, e.toString());
                    }
                    check(
                            promise.text() + " (" + promise.fault() + "): " + promise.calls() + " calls, " + seen.what()
                                    + "; " + (System.nanoTime() - start) / 1_000_000_000 + " s",
                            seen.kept(),
                            "asked: " + promise.asked());
                }
            }
        } finally {
            try (Stream<Path> files = Files.walk(work)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(each -> each.toFile().delete());
            }
        }
    }

    private void check(String what, boolean kept, String otherwise) {
        if (kept) {
            passed++;
            System.out.println("ok      " + what);
        } else {
            failed++;
            System.out.println("FAILED  " + what + "\n        " + otherwise);
        }
    }
}
