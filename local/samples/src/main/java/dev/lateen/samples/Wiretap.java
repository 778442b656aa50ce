package dev.lateen.samples;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Stands on the way of connections, passes their bytes on to {@code $TARGET}, and prints what it can read of them. */
public final class Wiretap {
    private Wiretap() {}

    /** The bytes as tcpdump prints them: what is no printable ASCII is a dot. */
    static String readable(byte[] bytes, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = (char) (bytes[i] & 0xff);
            text.append(c >= ' ' && c <= '~' ? c : '.');
        }
        return text.toString();
    }

    private static void pass(String way, InputStream in, OutputStream out, PrintStream print) {
        byte[] buffer = new byte[16 << 10];
        try (in;
                out) {
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                synchronized (print) {
                    print.println(way + " " + length + " bytes: " + readable(buffer, length));
                    print.flush();
                }
                out.write(buffer, 0, length);
                out.flush();
            }
        } catch (IOException e) {
            print.println(way + " ended: " + e.getMessage());
        }
    }

    /** Listens on {@code $PORT}, or 80; {@code $TARGET} is HOST:PORT. */
    public static void main(String[] arguments) throws IOException {
        String[] target = System.getenv("TARGET").split(":");
        String port = System.getenv().getOrDefault("PORT", "80");
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        try (ServerSocket server = new ServerSocket(Integer.parseInt(port))) {
            while (true) {
                Socket client = server.accept();
                Socket peer = new Socket(target[0], Integer.parseInt(target[1]));
                InputStream fromClient = client.getInputStream();
                OutputStream toClient = client.getOutputStream();
                InputStream fromPeer = peer.getInputStream();
                OutputStream toPeer = peer.getOutputStream();
                Thread.ofVirtual().start(() -> pass(">", fromClient, toPeer, out));
                Thread.ofVirtual().start(() -> pass("<", fromPeer, toClient, out));
            }
        }
    }
}
