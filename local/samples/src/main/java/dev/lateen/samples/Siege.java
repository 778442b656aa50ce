package dev.lateen.samples;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A load generator: {@code siege -c CONNECTIONS (-t SECONDS[S] | -r REQUESTS) URL} keeps so many connections busy, each
 * with one request at a time, and prints what came back by status, with times.
 */
public final class Siege {
    private static final int TIMEOUT_MILLIS = 60_000;

    private final URI target;
    private final Map<Integer, Integer> statuses = new TreeMap<>();
    private final List<Long> micros = new ArrayList<>();
    private int overloaded;

    Siege(URI target) {
        this.target = target;
    }

    /** One answer: its status, and whether a proxy said that it refused for overload. */
    private record Answer(int status, boolean overloaded, boolean keepAlive) {}

    /** Keeps {@code connections} busy until the time is over or each has made {@code requests}. */
    void run(int connections, long seconds, int requests) throws InterruptedException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            threads.add(Thread.ofVirtual().start(() -> connection(end, requests)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void connection(long end, int requests) {
        int left = requests;
        while (left > 0 && System.nanoTime() < end) {
            long started = System.nanoTime();
            try (Socket socket = new Socket(target.getHost(), target.getPort() < 0 ? 80 : target.getPort())) {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(TIMEOUT_MILLIS);
                InputStream in = new BufferedInputStream(socket.getInputStream());
                boolean open = true;
                while (open && left > 0 && System.nanoTime() < end) {
                    started = System.nanoTime();
                    Answer answer = exchange(socket, in);
                    note(answer.status(), answer.overloaded(), started);
                    left--;
                    open = answer.keepAlive();
                }
            } catch (IOException e) {
                note(0, false, started);
                left--;
            }
        }
    }

    private Answer exchange(Socket socket, InputStream in) throws IOException {
        String path = target.getRawPath().isEmpty() ? "/" : target.getRawPath();
        String query = target.getRawQuery() == null ? "" : "?" + target.getRawQuery();
        String head = "GET " + path + query + " HTTP/1.1\r\nHost: " + target.getAuthority()
                + "\r\nUser-Agent: siege\r\nAccept: */*\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        String first = line(in);
        String[] parts = first.split(" ", 3);
        if (parts.length < 2) {
            throw new IOException("not an answer: " + first);
        }
        long length = -1;
        boolean chunked = false;
        boolean keepAlive = true;
        boolean refused = false;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Long.parseLong(
                        lower.substring("content-length:".length()).strip());
            }
            chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
            keepAlive &= !(lower.startsWith("connection:") && lower.contains("close"));
            refused |= lower.startsWith("x-envoy-overloaded:");
        }
        if (chunked) {
            skipChunks(in);
        } else if (length >= 0) {
            in.skipNBytes(length);
        } else {
            in.readAllBytes();
            keepAlive = false;
        }
        return new Answer(Integer.parseInt(parts[1]), refused, keepAlive);
    }

    private static void skipChunks(InputStream in) throws IOException {
        int size = Integer.parseInt(line(in).strip(), 16);
        while (size > 0) {
            in.skipNBytes(size + 2L);
            size = Integer.parseInt(line(in).strip(), 16);
        }
        line(in);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        int c = in.read();
        if (c < 0) {
            throw new java.io.EOFException("the connection was closed before an answer");
        }
        for (; c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                text.append((char) c);
            }
        }
        return text.toString();
    }

    private synchronized void note(int status, boolean refused, long started) {
        statuses.merge(status, 1, Integer::sum);
        micros.add((System.nanoTime() - started) / 1000);
        overloaded += refused ? 1 : 0;
    }

    /** What came back, one fact a line: {@code status CODE COUNT}, status 0 for no answer at all. */
    synchronized void report(PrintStream out) {
        List<Long> sorted = micros.stream().sorted().toList();
        out.println("requests " + sorted.size());
        statuses.forEach((status, count) -> out.println("status " + status + " " + count));
        out.println("overloaded " + overloaded);
        if (!sorted.isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "milliseconds median %.1f p99 %.1f max %.1f%n",
                    sorted.get(sorted.size() / 2) / 1000.0,
                    sorted.get((sorted.size() - 1) * 99 / 100) / 1000.0,
                    sorted.getLast() / 1000.0);
        }
    }

    /** Runs as the arguments say. */
    public static void main(String[] arguments) throws InterruptedException {
        int connections = 10;
        long seconds = 10;
        int requests = Integer.MAX_VALUE;
        String url = "";
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "-c" -> connections = Integer.parseInt(arguments[++i]);
                case "-t" -> seconds = Long.parseLong(arguments[++i].replaceAll("[sS]$", ""));
                case "-r" -> {
                    requests = Integer.parseInt(arguments[++i]);
                    seconds = 600;
                }
                default -> url = arguments[i].contains("://") ? arguments[i] : "http://" + arguments[i];
            }
        }
        if (url.isEmpty()) {
            System.err.println("usage: siege -c CONNECTIONS (-t SECONDS | -r REQUESTS) URL");
            System.exit(2);
        }
        Siege siege = new Siege(URI.create(url));
        siege.run(connections, seconds, requests);
        siege.report(System.out);
    }
}
