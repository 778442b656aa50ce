package dev.lateen.control;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A small read-only HTTP port: paths and what answers them, on virtual threads. */
final class Ports {
    private static final Logger log = LoggerFactory.getLogger(Ports.class);

    /** An answer. */
    record Answer(int status, String contentType, String body) {
        static Answer text(int status, String body) {
            return new Answer(status, "text/plain; charset=utf-8", body);
        }

        static Answer json(String body) {
            return new Answer(200, "application/json", body);
        }
    }

    /** Answers a GET. */
    interface Page {
        Answer get(Map<String, String> query) throws IOException;
    }

    private Ports() {}

    /** @throws IOException if the address is taken; names it and what it was for */
    static HttpServer open(InetSocketAddress address, String what, Map<String, Page> pages) throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot open port " + address.getPort() + " for " + what + ": " + e.getMessage(), e);
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> serve(exchange, pages));
        server.start();
        return server;
    }

    private static void serve(HttpExchange exchange, Map<String, Page> pages) throws IOException {
        try (exchange) {
            Page page = pages.get(exchange.getRequestURI().getPath());
            Answer answer;
            try {
                if (page == null) {
                    answer = Answer.text(
                            404,
                            "not found; here are\n"
                                    + pages.keySet().stream().sorted().collect(Collectors.joining("\n")) + "\n");
                } else {
                    answer = page.get(query(exchange.getRequestURI().getQuery()));
                }
            } catch (RuntimeException e) {
                log.error("{} failed", exchange.getRequestURI(), e);
                answer = Answer.text(500, "failed: " + e + "\n");
            }
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("content-type", answer.contentType());
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(answer.status(), head || body.length == 0 ? -1 : body.length);
            if (!head && body.length > 0) {
                exchange.getResponseBody().write(body);
            }
        }
    }

    private static Map<String, String> query(@org.jspecify.annotations.Nullable String text) {
        Map<String, String> query = new TreeMap<>();
        if (text != null) {
            for (String pair : text.split("&")) {
                int equals = pair.indexOf('=');
                query.put(equals < 0 ? pair : pair.substring(0, equals), equals < 0 ? "" : pair.substring(equals + 1));
            }
        }
        return query;
    }
}
