package dev.lateen.proxy.admin;

import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.telemetry.AppMetrics;
import java.io.IOException;
import java.util.function.Supplier;

/**
 * What Kubernetes and scrapers ask of a pod, whichever proxy is in it: readiness, the application's probes and metrics
 * beside the proxy's (Istio's ports 15021 and 15020).
 */
public final class PodServers implements AutoCloseable {
    private final PageServers servers = new PageServers();
    private final Sidecar proxy;
    private final AppMetrics appMetrics;
    private final AppProbes probes;
    private final int statusPort;
    private final int agentPort;

    /**
     * The proxy that they speak for. Called from any thread.
     *
     * @param unready why it is not ready, in lines of text; empty when it is
     * @param metrics its page of metrics (Prometheus, "Text-based format", version 0.0.4)
     * @param drain tells callers that it ends, stops accepting after a while and lets requests end; returns at once
     * @param quit drains and ends the proxy; returns at once
     */
    public record Sidecar(Supplier<String> unready, Supplier<String> metrics, Runnable drain, Runnable quit) {}

    /**
     * Opens both ports.
     *
     * @throws IOException when one is taken, naming it
     */
    public PodServers(ProxyOptions options, Sidecar proxy) throws IOException {
        this.proxy = proxy;
        appMetrics = new AppMetrics(options.appMetrics());
        probes = new AppProbes(options.probes());
        try {
            statusPort = port(servers.serve(PageServers.anyAddress(), options.statusPort(), this::status));
            agentPort = port(servers.serve(PageServers.anyAddress(), options.agentPort(), this::agent));
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private static int port(HttpServer server) {
        return server.getAddress().getPort();
    }

    private Page status(Question question) {
        return question.path().equals("/healthz/ready") ? ready() : Page.missing(question);
    }

    private Page ready() {
        return Page.ready(proxy.unready().get());
    }

    private Page agent(Question question) throws InterruptedException {
        if (question.path().startsWith("/app-health/")) {
            return probes.ask(question.path());
        }
        return switch (question.path()) {
            case "/healthz/ready" -> ready();
            case "/stats/prometheus" -> Page.metrics(proxy.metrics().get() + appMetrics.page());
            case "/quitquitquit" -> Page.posted(question, () -> Page.done(proxy.quit()));
            case "/drain" -> Page.posted(question, () -> Page.done(proxy.drain()));
            default -> Page.missing(question);
        };
    }

    /** Where readiness is asked. */
    public int statusPort() {
        return statusPort;
    }

    /** Where the application's probes and metrics are asked. */
    public int agentPort() {
        return agentPort;
    }

    @Override
    public void close() {
        servers.close();
        appMetrics.close();
    }
}
