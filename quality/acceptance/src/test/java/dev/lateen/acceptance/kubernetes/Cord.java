package dev.lateen.acceptance.kubernetes;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A loopback port that leads to another one until it is cut. */
final class Cord implements AutoCloseable {
    private final int target;
    private final ServerSocket server;
    private final Set<Socket> ends = ConcurrentHashMap.newKeySet();

    Cord(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket near = server.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
                ends.add(near);
                ends.add(far);
                if (server.isClosed()) {
                    near.close();
                    far.close();
                }
                Thread.ofVirtual().start(() -> carry(near, far));
                Thread.ofVirtual().start(() -> carry(far, near));
            } catch (IOException e) {
                return; // cut
            }
        }
    }

    private static void carry(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // One side is gone; so is the other now.
        }
    }

    /** Ends every connection, and takes no other. */
    void cut() throws IOException {
        server.close();
        for (Socket each : ends) {
            each.close();
        }
    }

    @Override
    public void close() throws IOException {
        cut();
    }
}
