package dev.lateen.bench;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * The race of keep-alive: an app that closes connections after a random time without a request, and callers who pause
 * for a random time between requests, so that many a request meets a connection that is just being closed. Counts what
 * the callers got and what the app served, which must be the same.
 *
 * <p>Arguments: {@code app PORT}, or {@code callers PORT REQUESTS SEED}, which prints {@code REQUESTS sent, N failed}.
 */
public final class KeepAliveRace {
    private static final int CALLERS = 64;
    private static final int LONGEST_PAUSE_MILLIS = 60;
    private static final int SHORTEST_IDLE_MILLIS = 20;
    private static final int LONGEST_IDLE_MILLIS = 200;
    private static final byte[] ANSWER =
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".getBytes(StandardCharsets.US_ASCII);

    private KeepAliveRace() {}

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[1]);
        if (arguments[0].equals("app")) {
            app(port);
        } else {
            callers(port, Integer.parseInt(arguments[2]), Long.parseLong(arguments[3]));
        }
    }

    private static void app(int port) throws IOException {
        AtomicInteger served = new AtomicInteger();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("served " + served)));
        try (ServerSocket server = new ServerSocket(port, 1024, InetAddress.getLoopbackAddress())) {
            System.out.println("ready");
            SplittableRandom seeds = new SplittableRandom(1);
            while (true) {
                Socket connection = server.accept();
                RandomGenerator random = seeds.split();
                Thread.ofVirtual().start(() -> serve(connection, random, served));
            }
        }
    }

    private static void serve(Socket connection, RandomGenerator random, AtomicInteger served) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            while (true) {
                connection.setSoTimeout(random.nextInt(SHORTEST_IDLE_MILLIS, LONGEST_IDLE_MILLIS));
                if (!awaitRequest(connection, in) || !readHead(in)) {
                    return;
                }
                served.incrementAndGet();
                out.write(ANSWER);
            }
        } catch (IOException e) {
            // The caller went away.
        }
    }

    /**
     * Waits for a request until time is up. As servers with an event loop do, it serves what has come in the same moment:
     * a server that closes on top of a request that it holds resets the connection, and nobody can tell that from one that
     * served the request and failed.
     */
    private static boolean awaitRequest(Socket connection, InputStream in) throws IOException {
        in.mark(1);
        try {
            int first = in.read();
            in.reset();
            return first >= 0;
        } catch (SocketTimeoutException e) {
            connection.setSoTimeout(0);
            return in.available() > 0;
        }
    }

    private static void callers(int port, int requests, long seed) {
        AtomicInteger failed = new AtomicInteger();
        SplittableRandom seeds = new SplittableRandom(seed);
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CALLERS; i++) {
                RandomGenerator random = seeds.split();
                int share = requests / CALLERS + (i < requests % CALLERS ? 1 : 0);
                callers.execute(() -> call(port, share, random, failed));
            }
        }
        System.out.println(requests + " sent, " + failed + " failed");
    }

    private static void call(int port, int requests, RandomGenerator random, AtomicInteger failed) {
        byte[] request = "GET / HTTP/1.1\r\nHost: app\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        int left = requests;
        while (left > 0) {
            try (Socket connection = new Socket(InetAddress.getLoopbackAddress(), port)) {
                connection.setTcpNoDelay(true);
                connection.setSoTimeout(20_000);
                InputStream in = new BufferedInputStream(connection.getInputStream());
                OutputStream out = new BufferedOutputStream(connection.getOutputStream());
                while (left > 0) {
                    left--;
                    out.write(request);
                    out.flush();
                    if (!isOk(in)) {
                        failed.incrementAndGet();
                    }
                    Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
                }
            } catch (IOException e) {
                failed.incrementAndGet();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Reads an answer with its content. */
    private static boolean isOk(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("the proxy closed the connection");
            }
            head.append((char) b);
        }
        String text = head.toString().toLowerCase(java.util.Locale.ROOT);
        int at = text.indexOf("content-length: ") + "content-length: ".length();
        int length = Integer.parseInt(text.substring(at, text.indexOf('\r', at)));
        if (in.readNBytes(length).length < length) {
            throw new IOException("the proxy closed the connection");
        }
        return text.startsWith("http/1.1 200 ");
    }

    private static boolean readHead(InputStream in) throws IOException {
        int matched = 0;
        while (matched < 4) {
            int b = in.read();
            if (b < 0) {
                return false;
            }
            matched = b == (matched % 2 == 0 ? '\r' : '\n') ? matched + 1 : b == '\r' ? 1 : 0;
        }
        return true;
    }
}
