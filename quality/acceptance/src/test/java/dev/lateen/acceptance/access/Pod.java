package dev.lateen.acceptance.access;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/** The workload: one address, whose ports answer every caller that the proxy lets through. */
final class Pod implements AutoCloseable {
    static final String ADDRESS = "10.244.0.9";

    /** Where the proxy of a workload takes what is captured. */
    static final int INBOUND = 15_006;

    private final List<ServerSocket> sockets = new ArrayList<>();
    private final AtomicInteger heard = new AtomicInteger();

    private Pod() {}

    /** The namespace's loopback has every address of the table; connections to the pod are captured, its proxy's not. */
    static void prepare() throws IOException, InterruptedException {
        run("ip", "link", "set", "lo", "up");
        for (String network : List.of("10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "172.16.0.0/12")) {
            run("ip", "route", "add", "local", network, "dev", "lo");
        }
        run("iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-s", "127.0.0.6", "-j", "RETURN");
        run(
                "iptables",
                "-t",
                "nat",
                "-A",
                "OUTPUT",
                "-p",
                "tcp",
                "-d",
                ADDRESS,
                "-j",
                "REDIRECT",
                "--to-ports",
                Integer.toString(INBOUND));
    }

    static Pod start(Collection<Integer> ports) throws IOException {
        Pod pod = new Pod();
        for (int port : ports) {
            ServerSocket server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(new InetSocketAddress(InetAddress.ofLiteral(ADDRESS), port), 128);
            pod.sockets.add(server);
            Thread.ofVirtual().start(() -> pod.accept(server));
        }
        return pod;
    }

    private void accept(ServerSocket server) {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> answer(socket));
            } catch (IOException e) {
                // Closed, or a caller that went away.
            }
        }
    }

    private void answer(Socket socket) {
        try (socket) {
            byte[] bytes = new byte[16_384];
            int length = socket.getInputStream().read(bytes);
            if (length > 0) {
                heard.incrementAndGet();
                String request = new String(bytes, 0, length, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
                socket.getOutputStream()
                        .write(("HTTP/1.1 200 OK\r\nx-seen: "
                                        + (request.contains("x-forwarded-client-cert:") ? "mTLS" : "plain")
                                        + "\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                                .getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            // The caller went away.
        }
    }

    /** Connections on which the app itself has heard something: an Envoy connects to it before a handshake is over. */
    int heard() {
        return heard.get();
    }

    /** Whether a proxy takes connections on a port. */
    static boolean isOpen(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", List.of(command)) + ": " + out);
        }
    }

    @Override
    public void close() throws IOException {
        for (ServerSocket socket : sockets) {
            socket.close();
        }
    }
}
