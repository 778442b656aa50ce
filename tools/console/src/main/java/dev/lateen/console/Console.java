package dev.lateen.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.telemetry.ServiceTraffic;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * The web page: who calls whom, how much and how much of it fails. Read-only, without outside resources, under a
 * strict content security policy.
 */
public final class Console implements AutoCloseable {
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ServiceTraffic traffic;

    /** Serves what {@code traffic} holds on this address until closed. */
    public Console(InetSocketAddress address, ServiceTraffic traffic) throws IOException {
        this.traffic = traffic;
        server = HttpServer.create(address, 0);
        server.setExecutor(threads);
        server.createContext("/", this::page);
        server.createContext("/api/traffic", exchange -> answer(exchange, 200, "application/json", traffic()));
        server.start();
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private void page(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        switch (path) {
            case "/" -> answer(exchange, 200, "text/html; charset=utf-8", resource("index.html"));
            case "/console.js" -> answer(exchange, 200, "text/javascript; charset=utf-8", resource("console.js"));
            case "/console.css" -> answer(exchange, 200, "text/css; charset=utf-8", resource("console.css"));
            default -> answer(exchange, 404, "text/plain; charset=utf-8", "no such page: " + path + "\n");
        }
    }

    private String traffic() {
        return traffic.rates(WINDOW).stream()
                .map(rate -> String.format(
                        Locale.ROOT,
                        "{\"source\":%s,\"destination\":%s,\"requestsPerSecond\":%.3f,\"errorShare\":%.4f}",
                        quoted(rate.edge().source()),
                        quoted(rate.edge().destination()),
                        rate.requestsPerSecond(),
                        rate.errorShare()))
                .collect(Collectors.joining(",", "{\"edges\":[", "]}"));
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || c == '<') {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Console.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("the console's page " + name + " is missing from its jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void answer(HttpExchange exchange, int status, String type, String body) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            exchange.getResponseHeaders()
                    .set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'");
            if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                exchange.sendResponseHeaders(405, -1);
                return;
            }
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
