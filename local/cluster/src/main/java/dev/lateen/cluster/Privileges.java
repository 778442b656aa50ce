package dev.lateen.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the kernel lets a process do, as {@code /proc/PID/status} says it.
 *
 * @param effective the effective capabilities, a bit each (capabilities(7))
 */
record Privileges(long effective) {
    private static final int SYS_ADMIN = 21;
    private static final String FIELD = "CapEff:";

    static Privileges ofThisProcess() throws IOException {
        return parse(Files.readAllLines(Path.of("/proc/self/status")));
    }

    static Privileges parse(List<String> status) throws IOException {
        for (String line : status) {
            if (line.startsWith(FIELD)) {
                return new Privileges(
                        Long.parseUnsignedLong(line.substring(FIELD.length()).strip(), 16));
            }
        }
        throw new IOException("/proc/self/status has no line " + FIELD);
    }

    /** Whether it may make namespaces without a user namespace; root in a container often may not. */
    boolean sysAdmin() {
        return (effective >> SYS_ADMIN & 1) == 1;
    }
}
