package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
        capture(World.CLIENT, "0.0.0.0/0", "15001");
        capture(World.PEER, World.CLIENT + "/32", "15006");
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
