package dev.lateen.proxy.envoy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How an Envoy is run.
 *
 * @param program its binary
 * @param arguments of the user, which win over those that it is given otherwise
 * @param directory for its bootstrap and the agent's socket
 * @param drain how long callers are given to let go of it before it ends (Istio's terminationDrainDuration)
 */
public record EnvoyOptions(Path program, List<String> arguments, Path directory, Duration drain) {
    /** Istio's, for listeners that change as well as for those that end. */
    private static final String DRAIN_SECONDS = "45";

    public EnvoyOptions {
        arguments = List.copyOf(arguments);
    }

    /** Where the agent listens for it. */
    public Path socket() {
        return directory.resolve("agent.sock");
    }

    Path bootstrap() {
        return directory.resolve("envoy.json");
    }

    /** Takes away what was written for it. */
    public void clean() throws IOException {
        Files.deleteIfExists(bootstrap());
    }

    /** The words of its command line. Envoy refuses a flag that is given twice. */
    List<String> command(int concurrency) {
        Map<String, String> flags = new LinkedHashMap<>();
        flags.put("--config-path", bootstrap().toString());
        flags.put("--concurrency", Integer.toString(concurrency));
        flags.put("--drain-time-s", DRAIN_SECONDS);
        flags.put("--drain-strategy", "immediate");
        flags.put("--file-flush-interval-msec", "1000");
        flags.put("--log-level", "warning");
        List<String> words = new ArrayList<>(List.of(program.toString(), "--disable-hot-restart"));
        flags.forEach((flag, value) -> {
            if (!isGiven(flag)) {
                words.addAll(List.of(flag, value));
            }
        });
        words.addAll(arguments);
        return words;
    }

    private boolean isGiven(String flag) {
        return arguments.stream()
                .anyMatch(word -> word.equals(flag)
                        || word.startsWith(flag + "=")
                        || (flag.equals("--log-level") && word.equals("-l"))
                        || (flag.equals("--config-path") && word.equals("-c")));
    }
}
