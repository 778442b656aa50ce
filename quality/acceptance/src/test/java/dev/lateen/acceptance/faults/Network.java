package dev.lateen.acceptance.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The network namespace that the suite runs in: its loopback has every address, the caller's connections are captured as
 * in a pod, and faults are rules on what arrives. They are of iptables, which every kernel with capture has.
 */
final class Network {
    /** Where the captured app calls from. */
    static final String CALLER = "10.244.0.9";

    private Network() {}

    /** A fault in force until it is closed. */
    interface Fault extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    static void prepare() throws IOException {
        run("ip", "link", "set", "lo", "up");
        for (String network : List.of("10.244.0.0/16", "10.96.0.0/16", "198.51.100.0/24")) {
            run("ip", "route", "add", "local", network, "dev", "lo");
        }
        // No name is looked up anywhere else: the mount namespace is the caller's of this suite as well.
        bind("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "/etc/resolv.conf");
        bind("127.0.0.1 localhost\n", "/etc/hosts");
    }

    /** The caller's connections go to its proxy. */
    static void captureOutbound() throws IOException {
        run("iptables -t nat -A OUTPUT -p tcp -s " + CALLER + " -j REDIRECT --to-ports 15001");
    }

    /** The caller's TCP goes to a gateway, connections to the apps go to the proxy beside them, but for its own. */
    static void captureInbound(int gatewayPort) throws IOException {
        run("iptables -t nat -A OUTPUT -p tcp -s " + CALLER + " --dport " + App.TCP_PORT + " -j REDIRECT --to-ports "
                + gatewayPort);
        run("iptables -t nat -A OUTPUT -p tcp -d 10.244.1.0/24 ! -s 127.0.0.6 -j REDIRECT --to-ports 15006");
    }

    private static void bind(String text, String over) throws IOException {
        Path file = Files.createTempFile("faults", "");
        Files.writeString(file, text);
        run("mount", "--bind", file.toString(), over);
        Files.delete(file);
    }

    /** A disk of so many kilobytes. */
    static void disk(Path directory, int kilobytes) throws IOException {
        run("mount", "-t", "tmpfs", "-o", "size=" + kilobytes + "k", "tmpfs", directory.toString());
    }

    /** Each packet between the caller and its proxy, and between the proxy and each app, is lost with this chance. */
    static Fault loss(double chance) throws IOException {
        String drop = " -m statistic --mode random --probability " + chance + " -j DROP";
        return rules(
                "-s " + CALLER + drop,
                "-d " + CALLER + drop,
                "-p tcp --dport " + App.PORT + drop,
                "-p tcp --sport " + App.PORT + drop,
                "-p tcp --dport " + Http2App.PORT + drop,
                "-p tcp --sport " + Http2App.PORT + drop,
                "-p tcp --dport " + App.TCP_PORT + drop,
                "-p tcp --sport " + App.TCP_PORT + drop);
    }

    /** The host has gone without a word: nothing reaches it, nothing comes from it. */
    static Fault gone(String address) throws IOException {
        return rules("-d " + address + " -j DROP", "-s " + address + " -j DROP");
    }

    /** The host refuses connections. */
    static Fault refusing(String address) throws IOException {
        return rules("-d " + address + " -p tcp --dport " + App.PORT + " -j REJECT --reject-with tcp-reset");
    }

    private static Fault rules(String... rules) throws IOException {
        List<String> made = new ArrayList<>();
        Fault fault = () -> {
            for (String rule : made) {
                run("iptables -D INPUT " + rule);
            }
        };
        for (String rule : rules) {
            run("iptables -I INPUT " + rule);
            made.add(rule);
        }
        Collections.reverse(made);
        return fault;
    }

    private static void run(String line) throws IOException {
        run(line.split(" "));
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", Arrays.asList(command)) + ": " + out);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
