package dev.lateen.acceptance.behaviour;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * The programs in the pods. HTTP ones answer with their name in field {@code x-pod} and do what field {@code x-do} of the
 * request asks: {@code status=503}, {@code delay=MS}, {@code reset}, {@code on=POD} (only this pod does it),
 * {@code times=N} (only the first N requests of the same {@code x-id}), {@code set=NAME:VALUE} (a field of the answer). TCP ones answer a line with their name before it; those of HTTP
 * answer so the lines that come through a tunnel, by CONNECT or as the chunks of a POST.
 */
final class Backends implements AutoCloseable {
    private final List<ServerSocket> sockets = new ArrayList<>();
    private final List<Arrival> arrivals = new CopyOnWriteArrayList<>();
    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> connections = new ConcurrentHashMap<>();

    private final Http2Backend http2 = new Http2Backend(arrivals::add, this::connected);

    private @Nullable RateLimitBackend limits;
    private @Nullable CollectorBackend collector;

    private interface Program {
        void serve(Socket socket) throws IOException, InterruptedException;
    }

    /** @param log where what is told of traffic is written */
    static Backends start(Certificates certificates, Path log) throws IOException {
        Backends all = new Backends();
        ServerSocketFactory plain = ServerSocketFactory.getDefault();
        ServerSocketFactory tls = certificates.serverSockets();
        for (World.Pod pod : World.PODS) {
            String name = pod.name();
            switch (pod.labels().getOrDefault("app", "")) {
                case "echo" -> all.listen(plain, pod.address(), World.TCP, s -> all.echo(name, s));
                case "secure" -> all.listen(tls, pod.address(), World.TLS, s -> all.http(name, s));
                case "client" -> all.listen(plain, pod.address(), 8080, s -> all.http(name, s));
                case "" -> {}
                default -> all.listen(plain, pod.address(), World.HTTP, s -> all.http(name, s));
            }
        }
        all.listen(plain, World.OUTSIDE, 80, s -> all.http("outside", s));
        all.listen(plain, World.OUTSIDE, 8080, s -> all.http("outside", s));
        all.listen(plain, World.OUTSIDE, World.TCP, s -> all.echo("outside", s));
        all.listen(plain, "198.51.100.11", World.TCP, s -> all.echo("outside-2", s));
        all.listen(plain, "198.51.100.11", 80, s -> all.http("outside-2", s));
        all.listen(tls, World.OUTSIDE, 443, s -> all.http("outside", s));
        all.listen(tls, "198.51.100.11", 443, s -> all.http("outside-2", s));
        all.listen(plain, "10.244.7.1", World.HTTP, s -> all.http("vm-1", s));
        all.listen(plain, "10.244.7.2", World.HTTP, s -> all.http("vm-2", s));
        all.listen(plain, "127.0.0.1", 8085, s -> all.http("client-own", s));
        all.listen(plain, "10.244.9.9", World.HTTP, s -> all.http("marker", s));
        all.listen(plain, "10.244.7.6", World.HTTP, s -> all.tunnel("hop", s));
        all.http2.listen("h2", "10.244.7.3", World.HTTP, true);
        all.http2.listen("h2-silent", "10.244.7.4", World.HTTP, false);
        all.limits = new RateLimitBackend("10.244.7.5", World.HTTP);
        all.collector = new CollectorBackend("10.244.7.7", World.HTTP, log);
        return all;
    }

    private void listen(ServerSocketFactory factory, String address, int port, Program program) throws IOException {
        ServerSocket server = factory.createServerSocket();
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress(InetAddress.getByName(address), port), 128);
        sockets.add(server);
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    connected(address);
                    Thread.ofVirtual().start(() -> run(program, socket));
                } catch (IOException e) {
                    // Closed, or a caller that went away.
                }
            }
        });
    }

    private void connected(String address) {
        connections.computeIfAbsent(address, _ -> new AtomicInteger()).incrementAndGet();
    }

    private static void run(Program program, Socket socket) {
        try (socket) {
            program.serve(socket);
        } catch (IOException e) {
            // The caller went away.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void http(String pod, Socket socket) throws IOException, InterruptedException {
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        while (true) {
            Http.Message request;
            try {
                request = Http.read(in, false);
            } catch (EOFException | SocketException e) {
                return;
            }
            String[] start = request.start().split(" ");
            arrivals.add(new Arrival(pod, start[0], start[1], request.fields(), request.body()));
            if (!answer(pod, request, start[0], socket, out)) {
                return;
            }
        }
    }

    private boolean answer(String pod, Http.Message request, String method, Socket socket, OutputStream out)
            throws IOException, InterruptedException {
        int status = 200;
        String fields = "";
        for (String word : orders(pod, request.fields())) {
            String value = word.substring(word.indexOf('=') + 1);
            switch (word.replaceFirst("=.*", "")) {
                case "status" -> status = Integer.parseInt(value);
                case "delay" -> Thread.sleep(Long.parseLong(value));
                case "reset" -> {
                    socket.setSoLinger(true, 0);
                    return false;
                }
                case "set" -> fields += value.replaceFirst(":", ": ") + "\r\n";
                default -> {}
            }
        }
        String body = method.equals("HEAD") ? "" : pod + "\n";
        out.write(("HTTP/1.1 " + status + " -\r\nx-pod: " + pod + "\r\n" + fields + "content-length: " + body.length()
                        + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.UTF_8));
        out.flush();
        return true;
    }

    private List<String> orders(String pod, Map<String, String> fields) {
        List<String> words = List.of(fields.getOrDefault("x-do", "").split("[,; ]+"));
        for (String word : words) {
            if (word.startsWith("on=") && !word.equals("on=" + pod)) {
                return List.of();
            }
            if (word.startsWith("times=")) {
                int count = counts.computeIfAbsent(fields.getOrDefault("x-id", ""), _ -> new AtomicInteger())
                        .incrementAndGet();
                if (count > Integer.parseInt(word.substring("times=".length()))) {
                    return List.of();
                }
            }
        }
        return words;
    }

    private void tunnel(String pod, Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        String[] start = Http.line(in).split(" ");
        while (!Http.line(in).isEmpty()) {
            // Its fields say nothing here.
        }
        arrivals.add(new Arrival(pod, start[0], start[1], Map.of(), ""));
        boolean chunks = start[0].equals("POST");
        String head = "HTTP/1.1 200 -\r\n" + (chunks ? "transfer-encoding: chunked\r\n\r\n" : "\r\n");
        socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
        if (!chunks) {
            echo(pod, socket);
            return;
        }
        for (int size = Integer.parseInt(Http.line(in), 16); size > 0; size = Integer.parseInt(Http.line(in), 16)) {
            String answer = pod + " " + new String(in.readNBytes(size), StandardCharsets.UTF_8);
            in.readNBytes("\r\n".length());
            socket.getOutputStream()
                    .write((Integer.toHexString(answer.length()) + "\r\n" + answer + "\r\n")
                            .getBytes(StandardCharsets.UTF_8));
        }
    }

    private void echo(String pod, Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        while (true) {
            String line;
            try {
                line = Http.line(in);
            } catch (EOFException | SocketException e) {
                return;
            }
            arrivals.add(new Arrival(pod, "TCP", line, Map.of(), ""));
            socket.getOutputStream().write((pod + " " + line + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Requests since {@link #forget}, except the suite's own. */
    List<Arrival> arrivals() {
        return arrivals.stream().filter(a -> !a.pod().equals("marker")).toList();
    }

    /** Connections that an address took since {@link #forget}. */
    int connections(String address) {
        AtomicInteger count = connections.get(address);
        return count == null ? 0 : count.get();
    }

    void forget() {
        arrivals.clear();
        counts.clear();
        connections.clear();
    }

    @Override
    public void close() {
        http2.close();
        RateLimitBackend asked = limits;
        if (asked != null) {
            asked.close();
        }
        CollectorBackend told = collector;
        if (told != null) {
            told.close();
        }
        for (@Nullable ServerSocket socket : sockets) {
            try {
                if (socket != null) {
                    socket.close();
                }
            } catch (IOException e) {
                // Nothing to be done about it.
            }
        }
    }
}
