package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import javax.net.SocketFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Makes the calls of a step. */
final class Caller {
    private static final int PATIENCE_MILLIS = 15_000;

    private final SSLSocketFactory tls;

    /**
     * What came of one call.
     *
     * @param status 0 when there was no answer
     * @param from the pod that answered, empty when none did
     * @param failure why there was no answer
     */
    record Reply(int status, String from, Map<String, String> fields, String body, long millis, String failure) {}

    Caller() throws IOException {
        SocketFactory factory = Certificates.callers();
        this.tls = (SSLSocketFactory) factory;
    }

    List<Reply> call(Step step) throws InterruptedException, IOException {
        if (step.keep()) {
            return onOneConnection(step);
        }
        List<Reply> replies = Collections.synchronizedList(new ArrayList<>());
        Semaphore free = new Semaphore(step.parallel());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < step.times(); i++) {
            free.acquire();
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    replies.add(one(step));
                } finally {
                    free.release();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return replies;
    }

    private Reply one(Step step) {
        long start = System.nanoTime();
        try (Socket socket = connect(step)) {
            return switch (step.method()) {
                case "tcp" -> line(step, socket, start);
                default -> request(step, socket, start);
            };
        } catch (IOException | RuntimeException e) {
            return new Reply(0, "", Map.of(), "", millis(start), String.valueOf(e));
        }
    }

    private List<Reply> onOneConnection(Step step) throws InterruptedException {
        List<Reply> replies = new ArrayList<>();
        long start = System.nanoTime();
        try (Socket socket = connect(step)) {
            for (int i = 0; i < step.times(); i++) {
                Thread.sleep(i == 0 ? 0 : step.gap());
                start = System.nanoTime();
                replies.add(request(step, socket, start));
            }
        } catch (IOException | RuntimeException e) {
            replies.add(new Reply(0, "", Map.of(), "", millis(start), String.valueOf(e)));
        }
        return replies;
    }

    private Socket connect(Step step) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getByName(step.source()), 0));
        socket.connect(new InetSocketAddress(InetAddress.getByName(step.target()), step.port()), PATIENCE_MILLIS);
        if (!step.announced().isEmpty()) {
            String line = "PROXY TCP4 %s %s 5000 %d\r\n".formatted(step.announced(), step.target(), step.port());
            socket.getOutputStream().write(line.getBytes(StandardCharsets.UTF_8));
        }
        if (!step.method().equals("tls")) {
            return socket;
        }
        SSLSocket secure = (SSLSocket) tls.createSocket(socket, step.host(), step.port(), true);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(step.host())));
        secure.setSSLParameters(parameters);
        return secure;
    }

    private static Reply line(Step step, Socket socket, long start) throws IOException {
        socket.getOutputStream().write((step.path() + "\n").getBytes(StandardCharsets.UTF_8));
        String answer = Http.line(socket.getInputStream());
        return new Reply(200, answer.substring(0, answer.indexOf(' ')), Map.of(), answer, millis(start), "");
    }

    private static Reply request(Step step, Socket socket, long start) throws IOException {
        String method = step.method().equals("tls") ? "GET" : step.method().toUpperCase(java.util.Locale.ROOT);
        StringBuilder head = new StringBuilder(method + " " + step.path() + " HTTP/1.1\r\nhost: "
                + step.headers().getOrDefault("host", step.authority()) + "\r\n");
        step.headers().forEach((name, value) -> {
            if (!name.equals("host")) {
                head.append(name).append(": ").append(value).append("\r\n");
            }
        });
        if (!step.body().isEmpty()) {
            head.append("content-length: ").append(step.body().length()).append("\r\n");
        }
        head.append("\r\n").append(step.body());
        socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.UTF_8));
        InputStream in = socket.getInputStream();
        Http.Message answer = Http.read(in, method.equals("HEAD"));
        int status = Integer.parseInt(answer.start().split(" ")[1]);
        return new Reply(
                status, answer.fields().getOrDefault("x-pod", ""), answer.fields(), answer.body(), millis(start), "");
    }

    private static long millis(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }
}
