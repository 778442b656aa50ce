package dev.lateen.acceptance.faults;

import dev.lateen.acceptance.behaviour.Http;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/** The captured app: calls through its proxy. */
final class Caller {
    /** Nothing may take longer: what does is counted as hung. */
    private static final int PATIENCE_MILLIS = 20_000;

    private static final int PARALLEL = 16;

    private Caller() {}

    /**
     * What came of a call.
     *
     * @param status 0 when there was no whole answer
     * @param said the answer's content, or why there was none
     */
    record Reply(int status, String pod, String said, long millis) {}

    /** A request, on a connection of its own. */
    static Reply http(String address, String id, String host, String order, String body) {
        return timed(address, 80, socket -> ask(socket, id, host, order, body));
    }

    /** So many requests on one connection, one after the other; the connection is made anew only when it was closed. */
    static List<Reply> keptAlive(String address, List<String> ids, String host, String order, long gapMillis) {
        List<Reply> replies = new ArrayList<>();
        var _ = timed(address, 80, socket -> {
            for (String id : ids) {
                long start = System.nanoTime();
                Reply reply = ask(socket, id, host, order, "");
                replies.add(new Reply(reply.status(), reply.pod(), reply.said(), millis(start)));
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(gapMillis));
            }
            return new Reply(200, "", "", 0);
        });
        return replies;
    }

    /** Reads an answer slowly, at so many bytes per second; what is said is how many bytes came. */
    static Reply slow(String address, String id, String host, String order, long bytesPerSecond) {
        return timed(address, 80, socket -> {
            send(socket, id, host, order + "\r\nconnection: close", "");
            InputStream in = socket.getInputStream();
            int status = status(Http.line(in));
            String framing = "";
            for (String line = Http.line(in); !line.isEmpty(); line = Http.line(in)) {
                framing += line.startsWith("transfer-encoding") ? line : "";
            }
            long count = 0;
            byte[] buffer = new byte[64 * 1024];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (int i = 0; i < n; i++) {
                    count += buffer[i] == 'z' ? 1 : 0;
                }
                LockSupport.parkNanos(n * TimeUnit.SECONDS.toNanos(1) / bytesPerSecond);
            }
            return new Reply(status, framing, Long.toString(count), 0);
        });
    }

    /** Says something over TCP and ends its side at once; what is said is the answer. */
    static Reply tcp(String address, String text) {
        return timed(address, App.TCP_PORT, socket -> {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            String heard = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return new Reply(200, "", heard, 0);
        });
    }

    private interface Conversation {
        Reply hold(Socket socket) throws IOException;
    }

    private static Reply timed(String address, int port, Conversation conversation) {
        long start = System.nanoTime();
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            socket.setReuseAddress(true);
            socket.setReceiveBufferSize(64 * 1024);
            socket.bind(new InetSocketAddress(InetAddress.getByName(Network.CALLER), 0));
            socket.connect(new InetSocketAddress(InetAddress.getByName(address), port), PATIENCE_MILLIS);
            Reply reply = conversation.hold(socket);
            return new Reply(reply.status(), reply.pod(), reply.said(), millis(start));
        } catch (IOException | RuntimeException e) {
            return new Reply(0, "", String.valueOf(e), millis(start));
        }
    }

    private static long millis(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }

    private static int status(String line) {
        return Integer.parseInt(line.split(" ")[1]);
    }

    private static void send(Socket socket, String id, String host, String order, String body) throws IOException {
        String head = (body.isEmpty() ? "GET" : "POST") + " / HTTP/1.1\r\nhost: " + host + "\r\nx-id: " + id
                + "\r\nx-do: " + order + "\r\n" + (body.isEmpty() ? "" : "content-length: " + body.length() + "\r\n");
        socket.getOutputStream().write((head + "\r\n" + body).getBytes(StandardCharsets.US_ASCII));
    }

    private static Reply ask(Socket socket, String id, String host, String order, String body) throws IOException {
        send(socket, id, host, order, body);
        Http.Message answer = Http.read(socket.getInputStream(), false);
        return new Reply(status(answer.start()), answer.fields().getOrDefault("x-pod", ""), answer.body(), 0);
    }

    /** So many calls, some at a time. */
    static List<Reply> times(int calls, IntFunction<Reply> call) throws InterruptedException {
        return times(calls, PARALLEL, call);
    }

    /** So many calls, so many of them at a time. */
    static List<Reply> times(int calls, int parallel, IntFunction<Reply> call) throws InterruptedException {
        Semaphore free = new Semaphore(parallel);
        List<Future<Reply>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < calls; i++) {
                int number = i;
                free.acquire();
                all.add(threads.submit(() -> {
                    try {
                        return call.apply(number);
                    } finally {
                        free.release();
                    }
                }));
            }
        }
        List<Reply> replies = new ArrayList<>();
        for (Future<Reply> each : all) {
            try {
                replies.add(each.get());
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
        return replies;
    }
}
