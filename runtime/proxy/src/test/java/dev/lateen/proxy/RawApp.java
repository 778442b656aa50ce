package dev.lateen.proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** An app that answers with whatever bytes a test wants, HTTP or not. */
final class RawApp implements AutoCloseable {
    private final ServerSocket server;

    /** What it does on each connection, which is closed behind it. */
    @FunctionalInterface
    interface Conversation {
        /** @param request what came first; empty when nothing did */
        void hold(Socket socket, String request) throws IOException;
    }

    RawApp(Conversation conversation) throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> accept(conversation));
    }

    private void accept(Conversation conversation) {
        try {
            while (true) {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket, conversation));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private static void serve(Socket socket, Conversation conversation) {
        try (socket) {
            byte[] buffer = new byte[4096];
            int read = socket.getInputStream().read(buffer);
            conversation.hold(socket, read < 0 ? "" : new String(buffer, 0, read, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            // The proxy has let go of it.
        }
    }

    /** Reads until the proxy lets go of the connection. */
    static void awaitEnd(Socket socket) throws IOException {
        byte[] buffer = new byte[4096];
        while (socket.getInputStream().read(buffer) >= 0) {}
    }

    int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
