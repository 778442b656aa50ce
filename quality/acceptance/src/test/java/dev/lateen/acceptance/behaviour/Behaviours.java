package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs the suite in a network namespace of its own, which the caller made:
 *
 * <pre>
 * unshare --net java … Behaviours PEER [--mutate] [--only EXPRESSION] [--envoy BINARY]
 * </pre>
 *
 * PEER is {@code lateen}, {@code envoy-delta}, {@code envoy-sotw} or {@code envoy-oldest}; or {@code istiod}: our proxies on Istio's control
 * plane (--istiod BINARY), where the cases that {@code --differences FILE} lists must fail. With {@code --mutate} each field that a case claims
 * to prove is taken out of its manifests, and the case must fail then. The last line is {@code N passed, M failed}.
 */
public final class Behaviours {
    private final String peer;
    private final Map<String, String> options;
    private final Set<String> different;
    private int passed;
    private int failed;

    private Behaviours(String peer, Map<String, String> options) throws IOException {
        this.peer = peer;
        this.options = options;
        this.different = differences(options.get("--differences"));
    }

    /** Cases that stand in backquotes at the beginning of a row of a table. */
    private static Set<String> differences(@Nullable String file) throws IOException {
        Set<String> cases = new HashSet<>();
        for (String line : file == null ? List.<String>of() : Files.readAllLines(Path.of(file))) {
            if (line.startsWith("| `")) {
                cases.add(line.substring(3, line.indexOf('`', 3)));
            }
        }
        return cases;
    }

    /** See the class. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 1; i < arguments.length; i++) {
            boolean flag = arguments[i].equals("--mutate") || arguments[i].equals("--discover");
            options.put(arguments[i], flag ? "" : arguments[++i]);
        }
        Behaviours run = new Behaviours(arguments[0], options);
        run.all();
        System.out.println(run.passed + " passed, " + run.failed + " failed");
        System.exit(run.failed == 0 && run.passed > 0 ? 0 : 1);
    }

    private void all() throws IOException, InterruptedException {
        Network.prepare();
        Path work = Files.createTempDirectory("behaviours");
        Pattern only = Pattern.compile(options.getOrDefault("--only", ""));
        try (Scene scene =
                new Scene(control(work), work.resolve("access.log"), port -> start(port, work), patience())) {
            for (Behaviour behaviour : Behaviour.all()) {
                if (only.matcher(behaviour.toString()).find() && behaviour.runsOn(peer)) {
                    run(scene, behaviour);
                }
            }
        } finally {
            try (Stream<Path> files = Files.walk(work)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }

    /** Rules take a third of a second; some from which a field was taken never come into force, and one waits for each of them. */
    private Duration patience() {
        return Duration.ofSeconds(options.containsKey("--mutate") ? 10 : 60);
    }

    private ControlSide control(Path work) throws IOException {
        return peer.equals("istiod")
                ? new IstiodControl(Path.of(binary("--istiod")), work)
                : new LateenControl(Files.createDirectory(work.resolve("config")));
    }

    private Peer start(int port, Path work) throws IOException {
        return switch (peer) {
            case "lateen", "istiod" -> new LateenPeer(port);
            case "envoy-delta", "envoy-oldest" -> new EnvoyPeer(envoy(), "DELTA_GRPC", port, work);
            case "envoy-sotw" -> new EnvoyPeer(envoy(), "GRPC", port, work);
            default -> throw new IllegalArgumentException("no peer " + peer);
        };
    }

    private Path envoy() {
        return Path.of(binary("--envoy"));
    }

    private String binary(String option) {
        String binary = options.get(option);
        if (binary == null) {
            throw new IllegalArgumentException("say " + option + " BINARY");
        }
        return binary;
    }

    private void run(Scene scene, Behaviour behaviour) throws IOException, InterruptedException {
        if (!options.containsKey("--mutate") && !options.containsKey("--discover")) {
            List<String> wrong = scene.run(behaviour, behaviour.objects());
            if (different.contains(behaviour.toString())) {
                report(
                        behaviour + " (differs)",
                        wrong.isEmpty() ? List.of("does not differ any more: take it off the list") : List.of());
            } else {
                report(behaviour.toString(), wrong);
            }
            return;
        }
        List<String> fields = new ArrayList<>(behaviour.proves());
        if (options.containsKey("--discover")) {
            fields = FieldRemoval.fields(behaviour.objects());
        }
        for (String field : fields) {
            String name = behaviour + " without " + field;
            FieldRemoval removal = FieldRemoval.of(behaviour.objects(), field);
            if (!removal.found()) {
                report(name, List.of("the manifests do not have it"));
            } else {
                scene.clear();
                List<String> wrong = scene.run(behaviour, removal.objects());
                report(name, wrong.isEmpty() ? List.of("still passes") : List.of());
            }
        }
    }

    private void report(String name, List<String> wrong) {
        if (wrong.isEmpty()) {
            passed++;
            System.out.println("passed  " + peer + "  " + name);
        } else {
            failed++;
            System.out.println("FAILED  " + peer + "  " + name);
            wrong.forEach(problem -> System.out.println("        " + problem.replace("\n", "\n        ")));
        }
    }
}
