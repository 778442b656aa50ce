package dev.lateen.acceptance.faults;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A long way: passes connections on, each part of either direction so much later. */
final class Relay implements AutoCloseable {
    private final ServerSocket server = new ServerSocket();
    private final long delayMillis;

    Relay(String from, String to, long delayMillis) throws IOException {
        this.delayMillis = delayMillis;
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress(InetAddress.getByName(from), App.PORT), 1024);
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket near = server.accept();
                    Socket far = new Socket(InetAddress.getByName(to), App.PORT);
                    Thread.ofVirtual().start(() -> pass(near, far));
                    Thread.ofVirtual().start(() -> pass(far, near));
                } catch (IOException e) {
                    // Closed, or an end that went away.
                }
            }
        });
    }

    private void pass(Socket from, Socket to) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            byte[] part = new byte[64 * 1024];
            for (int n = in.read(part); n >= 0; n = in.read(part)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(delayMillis));
                to.getOutputStream().write(part, 0, n);
            }
        } catch (IOException e) {
            // Either end went away.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
