package dev.lateen.cluster;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A local cluster by name: starts, stops and finds it. The cluster itself runs in a process of its own and goes on when
 * this one ends.
 *
 * <p>The process tree: {@code unshare} on the host, in a session of its own; inside new PID, mount (and for an ordinary
 * user user) namespaces a small shell, process 1, which takes in orphans; the JVM of {@link ClusterMain} its child. When
 * any of the three dies, the kernel ends all that is inside.
 */
public final class LocalCluster {
    private static final Duration STOP = Duration.ofSeconds(10);
    private static final int LOG_LINES = 15;
    private static final long ROOM = 16L << 20;
    private static final String FIRST_PROCESS = """
            mount -t proc proc /proc || exit 70
            trap 'kill -TERM $p 2>/dev/null' TERM
            trap '' INT HUP
            "$@" & p=$!
            while :; do wait $p; r=$?; kill -0 $p 2>/dev/null || exit $r; done
            """;

    private final String name;
    private final Path directory;

    /** What is known of a cluster from outside. */
    public record Status(String name, boolean running, boolean ready, String server, long pid, Path kubeconfig) {}

    private LocalCluster(String name, Path directory) {
        this.name = name;
        this.directory = directory;
    }

    /** The cluster of that name of this user: {@code ${XDG_STATE_HOME:-~/.local/state}/lateen/NAME}. */
    public static LocalCluster named(String name) throws ClusterException {
        String state = System.getenv("XDG_STATE_HOME");
        Path base = state == null || state.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(state);
        return at(base.resolve("lateen"), name);
    }

    /** The cluster of that name whose state is under {@code base}. */
    static LocalCluster at(Path base, String name) throws ClusterException {
        if (!name.matches("[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?")) {
            throw new ClusterException(
                    "\"" + name + "\" is no name for a cluster: use up to 32 lower-case letters, digits and -");
        }
        return new LocalCluster(name, base.resolve(name).toAbsolutePath());
    }

    /** The names of all clusters of this user that have state on disk. */
    public static List<String> names() throws ClusterException {
        Path base = named("x").directory.getParent();
        if (base == null || !Files.isDirectory(base)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(base)) {
            return all.filter(Files::isDirectory)
                    .map(p -> p.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ClusterException("cannot list " + base + ": " + e.getMessage(), e);
        }
    }

    /** Where the kubeconfig is, or will be. */
    public Path kubeconfig() {
        return directory.resolve("kubeconfig");
    }

    /** Where {@code istioctl} is, or will be. */
    public Path bin() {
        return directory.resolve("bin");
    }

    /** Starts the cluster and returns when it is ready; whatever fails or interrupts it leaves nothing behind. */
    public Status up(UpOptions options) throws ClusterException {
        try {
            boolean fresh = !Files.exists(directory.resolve("data"));
            Files.createDirectories(directory.resolve("logs"));
            requireRoom();
            try (FileChannel channel = FileChannel.open(
                            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.tryLock()) {
                if (lock == null) {
                    throw new ClusterException(
                            "another lateen is just starting or stopping cluster " + name + "; try again in a moment");
                }
                if (running().isPresent()) {
                    throw new ClusterException("cluster " + name + " is already running: export KUBECONFIG="
                            + kubeconfig() + ", or stop it with: lateen down --name " + name);
                }
                return start(options, fresh);
            }
        } catch (IOException e) {
            throw new ClusterException("cannot start cluster " + name + ": " + e.getMessage(), e);
        }
    }

    private void requireRoom() throws ClusterException {
        long free = directory.toFile().getUsableSpace();
        if (free < ROOM) {
            throw new ClusterException("cannot start cluster " + name + ": no space left in " + directory + ": "
                    + (free >> 10) + " KiB are free, " + (ROOM >> 10)
                    + " are needed; make room there, or set XDG_STATE_HOME to another place");
        }
    }

    private Status start(UpOptions options, boolean fresh) throws IOException, ClusterException {
        Files.deleteIfExists(directory.resolve("ready"));
        Files.deleteIfExists(directory.resolve("problem"));
        writeTools(options.lateenHome());
        Path log = directory.resolve("logs").resolve("cluster.log");
        var builder = new ProcessBuilder(command(options))
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .directory(directory.toFile());
        builder.environment().put("LATEEN_HOME", options.lateenHome().toString());
        Process process = builder.start();
        Thread cleaning = new Thread(() -> abandon(process, fresh), "clean up");
        Runtime.getRuntime().addShutdownHook(cleaning);
        boolean done = false;
        try {
            OuterProcess.write(directory.resolve("pid"), process);
            awaitReady(process, options.patience(), log);
            done = true;
            return status();
        } finally {
            removeHook(cleaning);
            if (!done) {
                abandon(process, fresh);
            }
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The program is ending, so the hook runs, which is what it is for.
            Thread.currentThread().interrupt();
        }
    }

    private void abandon(Process process, boolean fresh) {
        process.destroyForcibly();
        try {
            process.waitFor();
            Files.deleteIfExists(directory.resolve("pid"));
            if (fresh) {
                delete(directory);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            System.getLogger(LocalCluster.class.getName())
                    .log(System.Logger.Level.WARNING, "files stay in " + directory, e);
        }
    }

    private void awaitReady(Process process, Duration patience, Path log) throws ClusterException, IOException {
        Instant end = Instant.now().plus(patience);
        Path ready = directory.resolve("ready");
        try {
            while (!Files.exists(ready)) {
                if (process.waitFor(Duration.ofMillis(20))) {
                    throw new ClusterException(explain(log));
                }
                if (Instant.now().isAfter(end)) {
                    throw new ClusterException(
                            "cluster " + name + " was not ready within " + patience.toSeconds() + " s\n" + tail(log));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted while cluster " + name + " started", e);
        }
    }

    private String explain(Path log) throws IOException {
        Path problem = directory.resolve("problem");
        String said = Files.exists(problem) ? Files.readString(problem).strip() : "";
        if (!said.isEmpty()) {
            return "cluster " + name + " cannot start: " + said;
        }
        String text = tail(log);
        if (text.contains("unshare") && (text.contains("Operation not permitted") || text.contains("No space left"))) {
            return "this machine does not let this user make namespaces (sysctl kernel.unprivileged_userns_clone,"
                    + " user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns; in a container: seccomp):"
                    + " allow it, or run lateen as root with CAP_SYS_ADMIN\n" + text;
        }
        return "cluster " + name + " ended while it started\n" + text;
    }

    private static String tail(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    }

    private List<String> command(UpOptions options) throws IOException {
        List<String> words =
                new ArrayList<>(List.of("setsid", "unshare", "--fork", "--kill-child", "--pid", "--mount"));
        if (!Privileges.ofThisProcess().sysAdmin()) {
            words.addAll(List.of("--user", "--map-root-user"));
        }
        words.addAll(List.of("sh", "-c", FIRST_PROCESS, "lateen"));
        words.addAll(List.of(
                java().toString(),
                "@" + options.lateenHome().resolve("jvm").resolve("cluster").toAbsolutePath()));
        Path lib = options.lateenHome().resolve("lib").toAbsolutePath();
        if (Arrays.stream(classPath().split(":", -1))
                .allMatch(part -> lib.equals(Path.of(part).getParent()))) {
            AotCaches.of(options.lateenHome()).cache("cluster").ifPresent(cache -> words.add("-XX:AOTCache=" + cache));
        }
        words.addAll(List.of("-cp", classPath(), ClusterMain.class.getName()));
        words.addAll(List.of("--name", name, "--directory", directory.toString()));
        words.addAll(
                List.of("--lateen-home", options.lateenHome().toAbsolutePath().toString()));
        words.addAll(
                List.of("--restart-limit", Long.toString(options.restartLimit().toSeconds())));
        for (Path images : options.images()) {
            words.addAll(List.of("--images", images.toAbsolutePath().toString()));
        }
        return words;
    }

    private static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(":", -1))
                .filter(part -> !part.isEmpty())
                .map(part -> Path.of(part).toAbsolutePath().toString())
                .collect(Collectors.joining(":"));
    }

    /** The commands under the state directory: {@code istioctl} for who types the tutorial's lines, and {@code lateen}. */
    private void writeTools(Path home) throws IOException {
        Files.createDirectories(bin());
        String script = """
                #!/bin/sh
                export LATEEN_HOME=%s
                # The JVM would run a cache's old classes when jars have changed since.
                cache=$LATEEN_HOME/aot/cli.aot
                if [ -f "$cache" ] && [ -z "$(find "$LATEEN_HOME/lib" "$LATEEN_HOME/jvm" -newer "$LATEEN_HOME/aot/release" -print -quit)" ]; then
                  set -- "-XX:AOTCache=$cache" -cp "$LATEEN_HOME/lib/*" dev.lateen.cli.Main "$@"
                else
                  set -- -cp "$LATEEN_HOME/lib/*" dev.lateen.cli.Main "$@"
                fi
                exec %s @"$LATEEN_HOME/jvm/cli" -Dlateen.home="$LATEEN_HOME" -Dlateen.command="${0##*/}" "$@"
                """.formatted(quoted(home), quoted(java()));
        for (String tool : List.of("istioctl", "lateen")) {
            Path file = bin().resolve(tool);
            Files.writeString(file, script);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    /** A word that a shell takes as it is. */
    private static String quoted(Path path) {
        return "'" + path.toAbsolutePath().toString().replace("'", "'\\''") + "'";
    }

    private Optional<OuterProcess> running() throws IOException {
        return OuterProcess.read(directory.resolve("pid"));
    }

    /** Whether it runs, and where. */
    public Status status() throws ClusterException {
        try {
            Optional<OuterProcess> process = running();
            Path ready = directory.resolve("ready");
            boolean up = process.isPresent() && Files.exists(ready);
            return new Status(
                    name,
                    process.isPresent(),
                    up,
                    up ? Files.readString(ready).strip() : "",
                    process.map(p -> p.handle().pid()).orElse(0L),
                    kubeconfig());
        } catch (IOException e) {
            throw new ClusterException(
                    "cannot read the state of cluster " + name + " in " + directory + ": " + e.getMessage(), e);
        }
    }

    /**
     * Stops the cluster, and removes its data unless they are to be kept. Stopping one that is not there is an error,
     * but for data left by an earlier one, which are then removed.
     */
    public void down(boolean keepData) throws ClusterException {
        try {
            Optional<OuterProcess> process = running();
            if (process.isEmpty() && (keepData || !Files.exists(directory.resolve("data")))) {
                if (Files.isDirectory(directory) && !keepData) {
                    delete(directory);
                }
                throw new ClusterException("no cluster " + name + " is running");
            }
            process.ifPresent(p -> p.stop(STOP));
            for (String each : List.of("pid", "ready", "kubeconfig", "problem")) {
                Files.deleteIfExists(directory.resolve(each));
            }
            if (keepData) {
                delete(directory.resolve("run"));
            } else {
                delete(directory);
            }
        } catch (IOException e) {
            throw new ClusterException(
                    "cannot remove what cluster " + name + " left in " + directory + ": " + e.getMessage(), e);
        }
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    /** What a process of this cluster needs in its environment to find it. */
    public Map<String, String> environment() {
        return Map.of("KUBECONFIG", kubeconfig().toString());
    }
}
