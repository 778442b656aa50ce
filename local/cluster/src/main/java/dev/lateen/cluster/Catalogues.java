package dev.lateen.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What entries of the image catalogue can name. */
final class Catalogues {
    private Catalogues() {}

    /** The values of the variables. */
    static Map<String, String> variables(Path home) throws IOException {
        Map<String, String> variables = new HashMap<>();
        variables.put("LATEEN_HOME", home.toString());
        variables.put("JAVA_HOME", System.getProperty("java.home"));
        variables.put("SAMPLES", samples(home));
        variables.put("ENVOY", envoy().map(Path::toString).orElse(""));
        AotCaches caches = AotCaches.of(home);
        for (String program : List.of("samples", "control", "proxy")) {
            variables.put(
                    "AOT_" + program.toUpperCase(Locale.ROOT),
                    caches.cache(program).map(cache -> "-XX:AOTCache=" + cache).orElse(""));
        }
        return variables;
    }

    private static Optional<Path> envoy() {
        try {
            return Optional.of(EnvoyProgram.find(System.getenv()));
        } catch (IOException e) {
            return Optional.empty(); // only a pod that runs it needs it, and says so
        }
    }

    private static String samples(Path home) throws IOException {
        Path lib = home.resolve("lib");
        if (Files.isDirectory(lib)) {
            try (Stream<Path> jars = Files.list(lib)) {
                String found = jars.filter(jar -> jar.getFileName().toString().startsWith("lateen-samples"))
                        .sorted(Comparator.naturalOrder())
                        .map(Path::toString)
                        .collect(Collectors.joining(":"));
                if (!found.isEmpty()) {
                    return found;
                }
            }
        }
        return lib + "/*";
    }

    /** The directories that containers see beside the host's programs. */
    static List<Path> visible(Path home) {
        List<Path> result = new ArrayList<>();
        result.add(Path.of(System.getProperty("java.home")));
        result.add(home);
        envoy().map(Path::getParent).ifPresent(result::add);
        return result;
    }
}
