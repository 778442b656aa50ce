package dev.lateen.samples;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The least of an HTTP/1.1 server: a socket, a virtual thread per connection, requests in order. It starts quickly and
 * needs little, which is all that the samples ask of it.
 */
final class HttpServer implements AutoCloseable {
    private static final int MAX_HEAD = 64 * 1024;

    private final ServerSocket socket;
    private final Handler handler;

    /** A request without its body, which is read and dropped. */
    record Request(String method, String target, Map<String, String> query, Map<String, String> headers, String peer) {
        String parameter(String name, String otherwise) {
            return query.getOrDefault(name, otherwise);
        }
    }

    /** An answer in plain text. */
    record Answer(int status, String body) {}

    @FunctionalInterface
    interface Handler {
        Answer answer(Request request) throws InterruptedException;
    }

    HttpServer(int port, Handler handler) throws IOException {
        this.handler = handler;
        socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(port), 1024);
    }

    int port() {
        return socket.getLocalPort();
    }

    /** Serves until the socket is closed. */
    void serve() throws IOException {
        while (!socket.isClosed()) {
            Socket connection = accept();
            if (connection != null) {
                Thread.ofVirtual().start(() -> serve(connection));
            }
        }
    }

    private @org.jspecify.annotations.Nullable Socket accept() throws IOException {
        try {
            return socket.accept();
        } catch (IOException e) {
            if (socket.isClosed()) {
                return null;
            }
            throw e;
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = new BufferedOutputStream(connection.getOutputStream());
            String peer = connection.getInetAddress().getHostAddress() + "." + connection.getPort();
            while (one(in, out, peer)) {
                out.flush();
            }
            out.flush();
        } catch (IOException e) {
            // The client has gone, or does not speak HTTP: the connection is closed, which is the answer.
            if (e instanceof java.net.ProtocolException) {
                System.err.println("refused a connection: " + e.getMessage());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean one(InputStream in, OutputStream out, String peer) throws IOException, InterruptedException {
        String first = line(in);
        if (first.isEmpty()) {
            return false;
        }
        String[] parts = first.split(" ", -1);
        if (parts.length != 3) {
            throw new java.net.ProtocolException("not a request line: " + first);
        }
        Map<String, String> headers = new LinkedHashMap<>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            if (colon < 1) {
                throw new java.net.ProtocolException("not a header: " + header);
            }
            headers.put(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
        body(in, headers);
        Answer answer = handler.answer(new Request(parts[0], parts[1], query(parts[1]), headers, peer));
        boolean keep = !"close".equalsIgnoreCase(headers.getOrDefault("connection", "")) && parts[2].equals("HTTP/1.1");
        byte[] text = answer.body().getBytes(StandardCharsets.UTF_8);
        String head = "HTTP/1.1 " + answer.status() + (answer.status() == 200 ? " OK" : " Service Unavailable")
                + "\r\ncontent-type: text/plain\r\ncontent-length: " + text.length
                + (keep ? "" : "\r\nconnection: close") + "\r\n\r\n";
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        if (!parts[0].equals("HEAD")) {
            out.write(text);
        }
        return keep;
    }

    private static void body(InputStream in, Map<String, String> headers) throws IOException {
        if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
            for (int size = chunk(in); size > 0; size = chunk(in)) {
                in.skipNBytes(size);
                line(in);
            }
            String trailer = line(in);
            while (!trailer.isEmpty()) {
                trailer = line(in);
            }
            return;
        }
        try {
            in.skipNBytes(Long.parseLong(headers.getOrDefault("content-length", "0")));
        } catch (NumberFormatException e) {
            throw new java.net.ProtocolException("content-length: " + headers.get("content-length"));
        }
    }

    private static int chunk(InputStream in) throws IOException {
        String size = line(in).split(";", 2)[0].strip();
        try {
            return Integer.parseInt(size, 16);
        } catch (NumberFormatException e) {
            throw new java.net.ProtocolException("chunk size: " + size);
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                text.append((char) c);
            }
            if (text.length() > MAX_HEAD) {
                throw new java.net.ProtocolException("a line of more than " + MAX_HEAD + " bytes");
            }
        }
        return text.toString();
    }

    static Map<String, String> query(String target) {
        Map<String, String> query = new LinkedHashMap<>();
        int mark = target.indexOf('?');
        if (mark >= 0) {
            for (String pair : target.substring(mark + 1).split("&", -1)) {
                String[] parts = pair.split("=", 2);
                query.put(decoded(parts[0]), parts.length > 1 ? decoded(parts[1]) : "");
            }
        }
        return query;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }

    /** Waits as long as the request asks for with {@code delay}, else {@code $DELAY}; milliseconds. */
    static void delay(Request request) throws InterruptedException {
        Thread.sleep(number(request.parameter("delay", System.getenv().getOrDefault("DELAY", "0"))));
    }

    static int number(String text) {
        try {
            return Math.max(0, Integer.parseInt(text));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** The port to listen on: {@code $PORT}, or 80. */
    static int portFromEnvironment() {
        String port = System.getenv("PORT");
        return port == null || port.isEmpty() ? 80 : Integer.parseInt(port);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
