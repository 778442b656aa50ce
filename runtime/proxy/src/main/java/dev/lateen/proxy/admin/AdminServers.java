package dev.lateen.proxy.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.http.RequestStatistics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The proxy's own HTTP interfaces, on Istio's ports: admin (loopback only), readiness, agent, metrics. Served on virtual
 * threads, apart from the event loops that carry traffic.
 */
public final class AdminServers implements AutoCloseable {
    private final List<HttpServer> servers = new ArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final int adminPort;

    /** An answer in text. */
    record Page(int status, String text) {}

    @FunctionalInterface
    private interface Handler {
        Page answer(String path) throws InterruptedException;
    }

    /**
     * Opens all of them.
     *
     * @param quit ends the proxy
     * @throws IOException when a port is taken, naming it
     */
    public AdminServers(
            ProxyOptions options, XdsConfiguration configuration, RequestStatistics statistics, Runnable quit)
            throws IOException {
        ProxyPages pages = new ProxyPages(configuration, statistics, options);
        AppProbes probes = new AppProbes(options.probes());
        try {
            HttpServer admin =
                    serve(InetAddress.getLoopbackAddress(), options.adminPort(), path -> admin(path, pages, quit));
            adminPort = admin.getAddress().getPort();
            InetAddress any = new InetSocketAddress(0).getAddress();
            serve(any, options.statusPort(), path -> path.equals("/healthz/ready") ? pages.ready() : missing(path));
            serve(
                    any,
                    options.metricsPort(),
                    path -> path.equals("/stats/prometheus") ? pages.metrics() : missing(path));
            serve(any, options.agentPort(), path -> agent(path, pages, probes, quit));
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private Page admin(String path, ProxyPages pages, Runnable quit) {
        return switch (path) {
            case "/ready" -> pages.ready();
            case "/clusters" -> pages.clusters();
            case "/listeners" -> pages.listeners();
            case "/config_dump" -> pages.configuration();
            case "/server_info" -> pages.info();
            case "/stats", "/stats/prometheus" -> pages.metrics();
            case "/quitquitquit" -> quit(quit);
            default -> missing(path);
        };
    }

    private Page agent(String path, ProxyPages pages, AppProbes probes, Runnable quit) throws InterruptedException {
        if (path.startsWith("/app-health/")) {
            return probes.ask(path);
        }
        return switch (path) {
            case "/healthz/ready" -> pages.ready();
            case "/stats/prometheus" -> pages.metrics();
            case "/quitquitquit" -> quit(quit);
            default -> missing(path);
        };
    }

    private static Page quit(Runnable quit) {
        Thread.ofVirtual().name("quit").start(quit);
        return new Page(200, "OK\n");
    }

    private static Page missing(String path) {
        return new Page(404, "no such page: " + path + "\n");
    }

    private HttpServer serve(InetAddress address, int port, Handler handler) throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(address, port), 0);
        } catch (IOException e) {
            throw new IOException("port " + port + " of the proxy cannot be opened: " + e.getMessage(), e);
        }
        server.setExecutor(threads);
        server.createContext("/", exchange -> answer(exchange, handler));
        server.start();
        servers.add(server);
        return server;
    }

    private static void answer(HttpExchange exchange, Handler handler) throws IOException {
        try (exchange) {
            Page page = handler.answer(exchange.getRequestURI().getPath());
            byte[] body = page.text().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
            exchange.sendResponseHeaders(page.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where the admin interface listens. */
    public int adminPort() {
        return adminPort;
    }

    @Override
    public void close() {
        servers.forEach(server -> server.stop(0));
        threads.shutdownNow();
    }
}
