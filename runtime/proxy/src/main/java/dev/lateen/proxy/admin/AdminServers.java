package dev.lateen.proxy.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.http.Decisions;
import dev.lateen.proxy.telemetry.AppMetrics;
import dev.lateen.proxy.telemetry.Telemetry;
import dev.lateen.proxy.tls.SecretStore;
import io.envoyproxy.envoy.admin.v3.ServerInfo;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The proxy's own HTTP interfaces, on Istio's ports: admin (loopback only), readiness, agent, metrics. Pages have Envoy's
 * paths and forms, so that tools for Envoy read them. Served on virtual threads, apart from the event loops that carry
 * traffic.
 */
public final class AdminServers implements AutoCloseable {
    private static final String HELP = """
        admin commands are:
          /certs: the workload's certificate
          /clusters[?format=json]: limits and hosts of each cluster
          /config_dump[?include_eds]: the configuration in force
          /decisions[?format=json], /decisions/ID: the last refusals, and why
          /drain_listeners (POST) [?graceful]: stop accepting, let requests end
          /healthcheck/fail, /healthcheck/ok (POST): say not ready, or ready again
          /help: this text
          /listeners[?format=json]: listeners and their addresses
          /logging (POST) [?level=LEVEL] [?LOGGER=LEVEL]: how much is logged
          /quitquitquit (POST): drain and end
          /ready: 200 when configuration is in force and the proxy is not draining
          /server_info: version, state, node
          /stats, /stats/prometheus: counts
          /tap: requests as they end, a line of JSON each
        """;

    private final List<HttpServer> servers = new ArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final XdsConfiguration configuration;
    private final ProxyOptions options;
    private final Lifecycle lifecycle;
    private final Decisions decisions;
    private final ConfigPages configPages;
    private final ClusterPages clusterPages;
    private final Telemetry telemetry;
    private final AppMetrics appMetrics;
    private final LoggingPage loggingPage = new LoggingPage();
    private final AppProbes probes;
    private final int adminPort;
    private volatile boolean unwell;

    /** What an operator may have a proxy do. */
    public interface Lifecycle {
        /** Stops accepting and lets requests end; returns at once. */
        void drain();

        /** Whether the workload has its certificate, where it is to have one. */
        boolean identified();

        /** The workload's certificate; null before it has one. */
        @Nullable
        X509Certificate certificate();

        /** Its keys and certificates. */
        SecretStore secrets();

        /** Whether it drains. */
        boolean draining();

        /** Drains and ends the proxy; returns at once. */
        void quit();
    }

    /** An answer. */
    record Page(int status, String contentType, String text) {
        static Page text(String text) {
            return new Page(200, "text/plain; charset=UTF-8", text);
        }

        static Page json(String text) {
            return new Page(200, "application/json", text);
        }

        static Page metrics(String text) {
            return new Page(200, "text/plain; version=0.0.4; charset=UTF-8", text);
        }

        static Page error(int status, String text) {
            return new Page(status, "text/plain; charset=UTF-8", text);
        }
    }

    @FunctionalInterface
    private interface Handler {
        Page answer(Question question) throws InterruptedException;
    }

    /**
     * Opens all of them.
     *
     * @throws IOException when a port is taken, naming it
     */
    public AdminServers(
            ProxyOptions options,
            Node node,
            XdsConfiguration configuration,
            Telemetry telemetry,
            Decisions decisions,
            Lifecycle lifecycle)
            throws IOException {
        this.options = options;
        this.configuration = configuration;
        this.lifecycle = lifecycle;
        this.decisions = decisions;
        configPages = new ConfigPages(configuration, node, this::state, lifecycle::secrets, Instant.now());
        clusterPages = new ClusterPages(configuration);
        this.telemetry = telemetry;
        appMetrics = new AppMetrics(options.appMetrics());
        probes = new AppProbes(options.probes());
        try {
            HttpServer admin = serve(InetAddress.getLoopbackAddress(), options.adminPort(), this::admin);
            adminPort = admin.getAddress().getPort();
            admin.createContext("/tap", new TapPage(telemetry.tap())::show);
            InetAddress any = new InetSocketAddress(0).getAddress();
            serve(any, options.statusPort(), this::status);
            serve(any, options.metricsPort(), this::metrics);
            serve(any, options.agentPort(), this::agent);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private ServerInfo.State state() {
        if (lifecycle.draining() || unwell) {
            return ServerInfo.State.DRAINING;
        }
        return configuration.complete() && lifecycle.identified()
                ? ServerInfo.State.LIVE
                : ServerInfo.State.INITIALIZING;
    }

    private Page ready() {
        ServerInfo.State state = state();
        return switch (state) {
            case LIVE -> Page.text("LIVE\n");
            case INITIALIZING ->
                Page.error(
                        503,
                        "INITIALIZING\nwaiting for "
                                + (lifecycle.identified() ? "configuration" : "a certificate and configuration")
                                + " from " + options.controlPlane() + "\n");
            default -> Page.error(503, state + "\n");
        };
    }

    private Page decision(String id) {
        Decisions.Decision found = decisions.find(id);
        return found == null
                ? Page.error(404, "no refusal " + id + " is kept; the last ones are on /decisions\n")
                : Page.text(found.toString());
    }

    private Page decisions() {
        StringBuilder all = new StringBuilder();
        decisions.newestFirst().forEach(all::append);
        return Page.text(all.isEmpty() ? "nothing was refused\n" : all.toString());
    }

    private Page admin(Question question) {
        if (question.path().startsWith("/decisions/")) {
            return decision(question.path().substring("/decisions/".length()));
        }
        return switch (question.path()) {
            case "/", "/help" -> Page.text(HELP);
            case "/ready" -> ready();
            case "/clusters" -> clusterPages.clusters(question);
            case "/listeners" -> configPages.listeners(question);
            case "/config_dump" -> configPages.dump(question);
            case "/certs" -> Page.json(SecurityPages.certificate(lifecycle.certificate()));
            case "/decisions" ->
                question.isJson() ? Page.json(SecurityPages.decisions(decisions.newestFirst())) : decisions();
            case "/server_info" -> configPages.info();
            case "/stats", "/stats/prometheus" -> metrics();
            case "/logging" -> posted(question, () -> loggingPage.answer(question));
            case "/drain_listeners" -> posted(question, () -> done(lifecycle::drain));
            case "/healthcheck/fail" -> posted(question, () -> done(() -> unwell = true));
            case "/healthcheck/ok" -> posted(question, () -> done(() -> unwell = false));
            case "/quitquitquit" -> posted(question, () -> done(lifecycle::quit));
            default -> missing(question);
        };
    }

    private Page status(Question question) {
        return question.path().equals("/healthz/ready") ? ready() : missing(question);
    }

    private String metricsText() {
        return telemetry.page() + SecretPages.metrics(lifecycle.secrets().certificates(), Instant.now());
    }

    private Page metrics() {
        return Page.metrics(metricsText());
    }

    private Page metrics(Question question) {
        return question.path().equals("/stats/prometheus") ? metrics() : missing(question);
    }

    private Page agent(Question question) throws InterruptedException {
        if (question.path().startsWith("/app-health/")) {
            return probes.ask(question.path());
        }
        return switch (question.path()) {
            case "/healthz/ready" -> ready();
            case "/stats/prometheus" -> Page.metrics(metricsText() + appMetrics.page());
            case "/quitquitquit" -> posted(question, () -> done(lifecycle::quit));
            case "/drain" -> posted(question, () -> done(lifecycle::drain));
            default -> missing(question);
        };
    }

    /** What changes something is not done by following a link. */
    private static Page posted(Question question, java.util.function.Supplier<Page> change) {
        return question.isPost()
                ? change.get()
                : Page.error(405, "Method Not Allowed: " + question.path() + " changes something, use POST\n");
    }

    private static Page done(Runnable change) {
        change.run();
        return Page.text("OK\n");
    }

    private static Page missing(Question question) {
        return Page.error(404, "no such page: " + question.path() + "\n");
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
            Page page = handler.answer(Question.of(exchange.getRequestMethod(), exchange.getRequestURI()));
            byte[] body = page.text().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", page.contentType());
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
        appMetrics.close();
        threads.shutdownNow();
    }
}
