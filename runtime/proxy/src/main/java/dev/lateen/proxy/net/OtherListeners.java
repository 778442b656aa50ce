package dev.lateen.proxy.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells whether other processes of this network namespace listen: the app beside a proxy, as long as it is there. */
public final class OtherListeners {
    private static final Logger LOG = LoggerFactory.getLogger(OtherListeners.class);
    private static final List<Path> TABLES = List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));
    /** Columns of the tables (Linux, Documentation/networking/proc_net_tcp.rst). */
    private static final int STATE = 3;

    private static final int INODE = 9;
    private static final String LISTENS = "0A";

    private OtherListeners() {}

    /** Whether there is one now; where that cannot be found out there is none. */
    public static boolean any() {
        try {
            Set<String> own = own();
            for (Path table : TABLES) {
                if (Files.exists(table) && any(Files.readAllLines(table), own)) {
                    return true;
                }
            }
        } catch (IOException e) {
            LOG.debug("cannot tell who else listens: {}", e.toString());
        }
        return false;
    }

    /** @param own inodes of sockets that do not count */
    static boolean any(List<String> table, Set<String> own) {
        return table.stream()
                .map(line -> line.trim().split(" +", -1))
                .anyMatch(columns ->
                        columns.length > INODE && columns[STATE].equals(LISTENS) && !own.contains(columns[INODE]));
    }

    /** Inodes of this process's sockets. */
    private static Set<String> own() throws IOException {
        Set<String> inodes = new HashSet<>();
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : files.toList()) {
                try {
                    String target = Files.readSymbolicLink(file).toString();
                    if (target.startsWith("socket:[")) {
                        inodes.add(target.substring("socket:[".length(), target.length() - 1));
                    }
                } catch (NoSuchFileException e) {
                    // Closed meanwhile.
                }
            }
        }
        return inodes;
    }
}
