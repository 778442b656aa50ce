package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs the suite in a network namespace of its own, which the caller made:
 *
 * <pre>
 * unshare --net java … Behaviours PEER [--mutate] [--only EXPRESSION] [--envoy BINARY]
 * </pre>
 *
 * PEER is {@code lateen}, {@code envoy-delta} or {@code envoy-sotw}. With {@code --mutate} each field that a case claims
 * to prove is taken out of its manifests, and the case must fail then. The last line is {@code N passed, M failed}.
 */
public final class Behaviours {
    private final String peer;
    private final Map<String, String> options;
    private int passed;
    private int failed;

    private Behaviours(String peer, Map<String, String> options) {
        this.peer = peer;
        this.options = options;
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
        Path directory = Files.createDirectory(work.resolve("config"));
        Pattern only = Pattern.compile(options.getOrDefault("--only", ""));
        try (Scene scene = new Scene(directory, port -> start(port, work))) {
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

    private Peer start(int port, Path work) throws IOException {
        return switch (peer) {
            case "lateen" -> new LateenPeer(port);
            case "envoy-delta" -> new EnvoyPeer(envoy(), "DELTA_GRPC", port, work);
            case "envoy-sotw" -> new EnvoyPeer(envoy(), "GRPC", port, work);
            default -> throw new IllegalArgumentException("no peer " + peer);
        };
    }

    private Path envoy() {
        String binary = options.get("--envoy");
        if (binary == null) {
            throw new IllegalArgumentException("say --envoy BINARY");
        }
        return Path.of(binary);
    }

    private void run(Scene scene, Behaviour behaviour) throws IOException, InterruptedException {
        if (!options.containsKey("--mutate") && !options.containsKey("--discover")) {
            report(behaviour.toString(), scene.run(behaviour, behaviour.objects()));
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
