package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The namespace's network: its loopback has every address of {@link World}, and connections of the app and to it are
 * captured by their addresses, so that proxies need no user of their own.
 */
final class Network {
    private Network() {}

    static void prepare() throws IOException, InterruptedException {
        run("ip", "link", "set", "lo", "up");
        for (String network : World.NETWORKS) {
            run("ip", "route", "add", "local", network, "dev", "lo");
        }
        hosts();
        // Nobody answers here, not even with a refusal.
        run("iptables", "-A", "OUTPUT", "-d", World.SILENT, "-j", "DROP");
        capture(World.CLIENT, "0.0.0.0/0", "15001");
        capture(World.PEER, World.CLIENT + "/32", "15006");
    }

    /** Names that proxies look up: of this mount namespace, which the caller made as well. */
    private static void hosts() throws IOException, InterruptedException {
        Path file = Files.createTempFile("hosts", "");
        Files.writeString(file, """
                127.0.0.1 localhost
                10.244.7.1 vm.hosts.test b.wild.test else.test
                10.244.7.2 a.wild.test
                198.51.100.11 tls.wild.test tls.else.test
                """);
        run("mount", "--bind", file.toString(), "/etc/hosts");
        Files.delete(file);
    }

    private static void capture(String source, String destination, String port)
            throws IOException, InterruptedException {
        run(
                "iptables",
                "-t",
                "nat",
                "-A",
                "OUTPUT",
                "-p",
                "tcp",
                "-s",
                source,
                "-d",
                destination,
                "-j",
                "REDIRECT",
                "--to-ports",
                port);
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", List.of(command)) + ": " + out);
        }
    }
}
