package dev.lateen.acceptance.faults;

import dev.lateen.acceptance.behaviour.Http;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The program of one pod. HTTP: answers with its name in field {@code x-pod}, and fails as field {@code x-do} asks. TCP:
 * answers all that it heard once the caller has ended its side.
 */
final class App implements AutoCloseable {
    static final int PORT = 9080;
    static final int TCP_PORT = 9000;
    private static final int LARGE = 12 << 20;

    private final String name;
    private final ServerSocket http;
    private final ServerSocket tcp;
    private final List<String> arrivals = new CopyOnWriteArrayList<>();
    /** Whether connections are reset before a request is read from them. */
    volatile boolean resets;

    private interface Program {
        void serve(Socket socket) throws IOException, InterruptedException;
    }

    App(String name, String address) throws IOException {
        this.name = name;
        http = listen(address, PORT, this::http);
        tcp = listen(address, TCP_PORT, this::tcp);
    }

    private static ServerSocket listen(String address, int port, Program program) throws IOException {
        ServerSocket server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress(InetAddress.getByName(address), port), 1024);
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> run(program, socket));
                } catch (IOException e) {
                    // Closed, or a caller that went away.
                }
            }
        });
        return server;
    }

    private static void run(Program program, Socket socket) {
        try (socket) {
            program.serve(socket);
        } catch (IOException e) {
            // The proxy went away, or was made to believe so.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The ids of requests that were read whole. */
    List<String> arrivals() {
        return arrivals;
    }

    private void http(Socket socket) throws IOException, InterruptedException {
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        while (true) {
            in.mark(1);
            if (in.read() < 0) {
                return;
            }
            if (resets) {
                reset(socket);
                return;
            }
            in.reset();
            Http.Message request;
            try {
                request = Http.read(in, false);
            } catch (EOFException e) {
                return;
            }
            arrivals.add(request.fields().getOrDefault("x-id", ""));
            String head = "HTTP/1.1 200 OK\r\nx-pod: " + name + "\r\n";
            switch (request.fields().getOrDefault("x-do", "")) {
                case "reset before head" -> {
                    reset(socket);
                    return;
                }
                case "reset in head" -> {
                    say(out, head);
                    Thread.sleep(50);
                    reset(socket);
                    return;
                }
                case "reset in body" -> {
                    say(out, head + "content-length: 100000\r\n\r\n" + "z".repeat(50_000));
                    Thread.sleep(50);
                    reset(socket);
                    return;
                }
                case "reset when idle" -> {
                    say(out, head + "content-length: 2\r\n\r\nok");
                    Thread.sleep(30);
                    reset(socket);
                    return;
                }
                case "close behind a large answer" -> {
                    say(out, head + "\r\n" + "z".repeat(LARGE));
                    return;
                }
                case "status 503" -> say(out, head.replace("200 OK", "503 no") + "content-length: 2\r\n\r\nno");
                default -> say(out, head + "content-length: " + request.body().length() + "\r\n\r\n" + request.body());
            }
        }
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private void tcp(Socket socket) throws IOException {
        byte[] heard = socket.getInputStream().readAllBytes();
        socket.getOutputStream().write(heard);
    }

    @Override
    public void close() throws IOException {
        http.close();
        tcp.close();
    }
}
