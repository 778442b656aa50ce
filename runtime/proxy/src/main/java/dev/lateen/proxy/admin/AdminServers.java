package dev.lateen.proxy.admin;

import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.http.Decisions;
import dev.lateen.proxy.overload.OverloadMonitor;
import dev.lateen.proxy.telemetry.Telemetry;
import dev.lateen.proxy.tls.SecretStore;
import io.envoyproxy.envoy.admin.v3.ServerInfo;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
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

    private final PageServers servers = new PageServers();
    private final XdsConfiguration configuration;
    private final ProxyOptions options;
    private final Lifecycle lifecycle;
    private final Decisions decisions;
    private final ConfigPages configPages;
    private final ClusterPages clusterPages;
    private final Telemetry telemetry;
    private final LoggingPage loggingPage = new LoggingPage();
    private final int adminPort;
    private @Nullable PodServers pod;
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

        /** How often an event loop was found blocked. */
        long blockedLoops();

        /** How many lines of access logs could not be written. */
        long lostLogLines();

        /** What it refuses while it is short of memory. */
        OverloadMonitor overload();

        /** Its keys and certificates. */
        SecretStore secrets();

        /** Whether it drains. */
        boolean draining();

        /** Drains and ends the proxy; returns at once. */
        void quit();
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
        try {
            HttpServer admin = servers.serve(InetAddress.getLoopbackAddress(), options.adminPort(), this::admin);
            adminPort = admin.getAddress().getPort();
            admin.createContext("/tap", new TapPage(telemetry.tap())::show);
            servers.serve(PageServers.anyAddress(), options.metricsPort(), this::metrics);
            pod = new PodServers(
                    options, new PodServers.Sidecar(this::unready, this::counts, lifecycle::drain, lifecycle::quit));
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

    private String unready() {
        ServerInfo.State state = state();
        return switch (state) {
            case LIVE -> "";
            case INITIALIZING ->
                "INITIALIZING\nwaiting for "
                        + (lifecycle.identified() ? "configuration" : "a certificate and configuration") + " from "
                        + options.controlPlane() + "\n";
            default -> state + "\n";
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
            case "/ready" -> Page.ready(unready());
            case "/clusters" -> clusterPages.clusters(question);
            case "/listeners" -> configPages.listeners(question);
            case "/config_dump" -> configPages.dump(question);
            case "/certs" -> Page.json(SecurityPages.certificate(lifecycle.certificate()));
            case "/decisions" ->
                question.isJson() ? Page.json(SecurityPages.decisions(decisions.newestFirst())) : decisions();
            case "/server_info" -> configPages.info();
            case "/stats", "/stats/prometheus" -> metrics();
            case "/logging" -> Page.posted(question, () -> loggingPage.answer(question));
            case "/drain_listeners" -> Page.posted(question, () -> Page.done(lifecycle::drain));
            case "/healthcheck/fail" -> Page.posted(question, () -> Page.done(() -> unwell = true));
            case "/healthcheck/ok" -> Page.posted(question, () -> Page.done(() -> unwell = false));
            case "/quitquitquit" -> Page.posted(question, () -> Page.done(lifecycle::quit));
            default -> Page.missing(question);
        };
    }

    private Page metrics() {
        return Page.metrics(counts());
    }

    private String counts() {
        return telemetry
                .page()
                .append("# TYPE lateen_event_loop_blocked_total counter\nlateen_event_loop_blocked_total ")
                .append(lifecycle.blockedLoops())
                .append("\n# TYPE lateen_access_log_lines_lost_total counter\nlateen_access_log_lines_lost_total ")
                .append(lifecycle.lostLogLines())
                .append('\n')
                .append("# TYPE lateen_configuration_from_disk_age_seconds gauge\n")
                .append("lateen_configuration_from_disk_age_seconds ")
                .append(fromDiskSeconds())
                .append('\n')
                .append(lifecycle.overload().metrics())
                .append(SecretPages.metrics(lifecycle.secrets().certificates(), Instant.now()))
                .toString();
    }

    /** How old the configuration in force is, where it is not from the control plane. */
    private long fromDiskSeconds() {
        Instant saved = configuration.restoredAt();
        return saved == null
                ? 0
                : Math.max(1, Duration.between(saved, Instant.now()).toSeconds());
    }

    private Page metrics(Question question) {
        return question.path().equals("/stats/prometheus") ? metrics() : Page.missing(question);
    }

    /** Where the admin interface listens. */
    public int adminPort() {
        return adminPort;
    }

    @Override
    public void close() {
        servers.close();
        if (pod != null) {
            pod.close();
        }
    }
}
