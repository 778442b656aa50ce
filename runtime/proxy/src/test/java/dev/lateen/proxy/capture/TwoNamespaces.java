package dev.lateen.proxy.capture;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A pod and a peer: two network namespaces joined by a cable, in a user namespace where the tests are not root's. All
 * that was started in them ends on {@link #close} and with this JVM: the first process inside reads from it.
 */
final class TwoNamespaces implements AutoCloseable {
    static final String POD = "10.9.0.1";
    static final String PEER = "10.9.0.2";
    static final String EXCLUDED_PEER = "10.9.0.3";
    private static final int SECONDS = 20;
    private static final String SET_UP = """
            set -e
            mount -t tmpfs tmpfs /run
            ip netns add pod
            ip netns add peer
            ip link add eth0 netns pod type veth peer name eth0 netns peer
            for name in pod peer; do
              ip -n $name link set lo up
              ip -n $name link set eth0 up
            done
            ip -n pod addr add 10.9.0.1/24 dev eth0
            ip -n peer addr add 10.9.0.2/24 dev eth0
            ip -n peer addr add 10.9.0.3/24 dev eth0
            echo ready
            exec cat
            """;

    private final Process holder;
    private final List<Process> programs = new ArrayList<>();

    /** What a command left. */
    record Result(int code, String out) {}

    private TwoNamespaces(Process holder) {
        this.holder = holder;
    }

    static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }

    static TwoNamespaces open() throws IOException {
        // A network namespace of its own too: "ip netns add" goes back to where it came from, which has to be ours.
        List<String> command = new ArrayList<>(
                List.of("unshare", "--fork", "--kill-child", "--pid", "--net", "--mount", "--mount-proc"));
        if (!root()) {
            command.addAll(List.of("--user", "--map-root-user"));
        }
        command.addAll(List.of("sh", "-c", SET_UP));
        var scene = new TwoNamespaces(
                new ProcessBuilder(command).redirectErrorStream(true).start());
        scene.awaitReady(scene.holder, "the namespaces");
        return scene;
    }

    /** Starts a JVM in one of the namespaces and waits until it says "ready". */
    void start(String namespace, Class<?> main, String... args) throws IOException, URISyntaxException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath(),
                main.getName()));
        command.addAll(List.of(args));
        Process program = new ProcessBuilder(inside(namespace, command))
                .redirectErrorStream(true)
                .start();
        programs.add(program);
        awaitReady(program, main.getSimpleName() + " in the " + namespace);
    }

    /** Runs a command in one of the namespaces; both outputs together. */
    Result run(String namespace, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(inside(namespace, List.of(command)))
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + " did not end");
        }
        return new Result(process.exitValue(), out);
    }

    private List<String> inside(String namespace, List<String> command) {
        long first = holder.children().findFirst().orElseThrow().pid();
        List<String> words = new ArrayList<>(List.of("nsenter", "--target", Long.toString(first), "--mount", "--pid"));
        if (!root()) {
            words.addAll(List.of("--user", "--preserve-credentials"));
        }
        words.addAll(List.of("--wd=" + Path.of("").toAbsolutePath(), "--"));
        words.addAll(List.of("nsenter", "--net=/run/netns/" + namespace, "--"));
        words.addAll(command);
        return words;
    }

    private void awaitReady(Process process, String what) throws IOException {
        var reader = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var said = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.equals("ready")) {
                // What it says later is read, so that it never waits for a reader.
                Thread.ofVirtual().start(() -> reader.lines().forEach(_ -> {}));
                return;
            }
            said.append(line).append('\n');
        }
        close();
        throw new IOException(what + " did not get ready:\n" + said);
    }

    private static String classPath() throws URISyntaxException {
        String path = System.getProperty("java.class.path");
        if (TwoNamespaces.class.getClassLoader() instanceof URLClassLoader loader) {
            List<String> parts = new ArrayList<>();
            for (URL url : loader.getURLs()) {
                parts.add(Path.of(url.toURI()).toString());
            }
            return String.join(":", parts) + ":" + path;
        }
        return path;
    }

    @Override
    public void close() {
        programs.forEach(Process::destroyForcibly);
        holder.destroyForcibly();
        for (Process each : programs) {
            var _ = each.onExit().join();
        }
        var _ = holder.onExit().join();
    }
}
