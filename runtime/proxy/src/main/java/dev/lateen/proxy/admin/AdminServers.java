package dev.lateen.proxy.admin;

import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.config.UpdateCounts;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.http.Decisions;
import dev.lateen.proxy.listener.DetectedProtocols;
import dev.lateen.proxy.overload.OverloadMonitor;
import dev.lateen.proxy.telemetry.Statistic;
import dev.lateen.proxy.telemetry.Telemetry;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.proxycore.JsonText;
import io.envoyproxy.envoy.admin.v3.ServerInfo;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
          /ignored[?format=json]: optional parts of the configuration that mean nothing here
          /listeners[?format=json]: listeners and their addresses
          /logging (POST) [?level=LEVEL] [?LOGGER=LEVEL]: how much is logged
          /protocols[?format=json]: what connections speak where no rule says it, by destination
          /quitquitquit (POST): drain and end
          /ready: 200 when configuration is in force and the proxy is not draining
          /server_info: version, state, node
          /stats[?format=json|prometheus] [?filter=REGEX] [?usedonly], /stats/prometheus: counts
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
    private final StatsPage statsPage = new StatsPage(this::statistics, this::counts);
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

        /** Connections of listeners. */
        List<Statistic> listeners();

        /** Listeners whose socket could not be opened, with the reason. */
        Map<String, String> unopened();

        /** How many lines of access logs could not be written. */
        long lostLogLines();

        /** What it refuses while it is short of memory. */
        OverloadMonitor overload();

        /** Its keys and certificates. */
        SecretStore secrets();

        /** Whether it drains. */
        boolean draining();

        /** What connections turned out to speak. */
        DetectedProtocols detected();

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
        configPages = new ConfigPages(
                configuration, node, this::state, lifecycle::secrets, lifecycle::unopened, Instant.now());
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
            case "/protocols" -> ProtocolPage.of(question, lifecycle.detected().all());
            case "/server_info" -> configPages.info();
            case "/ignored" -> ignored(question);
            case "/stats" -> statsPage.answer(question);
            case "/stats/prometheus" -> statsPage.prometheus(question);
            case "/logging" -> Page.posted(question, () -> loggingPage.answer(question));
            case "/drain_listeners" -> Page.posted(question, () -> Page.done(lifecycle::drain));
            case "/healthcheck/fail" -> Page.posted(question, () -> Page.done(() -> unwell = true));
            case "/healthcheck/ok" -> Page.posted(question, () -> Page.done(() -> unwell = false));
            case "/quitquitquit" -> Page.posted(question, () -> Page.done(lifecycle::quit));
            default -> Page.missing(question);
        };
    }

    private Page ignored(Question question) {
        List<String> ignored = configuration.current().ignored();
        if (!question.isJson()) {
            return Page.text(ignored.isEmpty() ? "nothing is ignored\n" : String.join("\n", ignored) + "\n");
        }
        StringBuilder json = new StringBuilder("{\"ignored\":[");
        for (int i = 0; i < ignored.size(); i++) {
            json.append(i == 0 ? "" : ",");
            JsonText.quote(ignored.get(i), json);
        }
        return Page.json(json.append("]}\n").toString());
    }

    private List<Statistic> statistics() {
        List<Statistic> all = new ArrayList<>(telemetry.statistics());
        all.addAll(lifecycle.listeners());
        ActiveConfiguration current = configuration.current();
        UpdateCounts updates = configuration.updates();
        all.add(new Statistic(
                "cluster_manager.active_clusters", current.clusters().size()));
        all.add(new Statistic("cluster_manager.cds.update_success", updates.taken(XdsConfiguration.CLUSTERS)));
        all.add(new Statistic("cluster_manager.cds.update_rejected", updates.refused(XdsConfiguration.CLUSTERS)));
        all.add(new Statistic(
                "listener_manager.total_listeners_active", current.listeners().size()));
        all.add(new Statistic("listener_manager.lds.update_success", updates.taken(XdsConfiguration.LISTENERS)));
        all.add(new Statistic("listener_manager.lds.update_rejected", updates.refused(XdsConfiguration.LISTENERS)));
        all.add(new Statistic("control_plane.connected_state", configuration.connected() ? 1 : 0));
        all.add(new Statistic("server.state", state().getNumber()));
        all.add(new Statistic("server.concurrency", options.concurrency()));
        all.add(new Statistic(
                "lateen.configuration_ignored_parts", current.ignored().size()));
        return all;
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
                .append("\n# TYPE lateen_configuration_ignored_parts gauge\nlateen_configuration_ignored_parts ")
                .append(configuration.current().ignored().size())
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
        return question.path().equals("/stats/prometheus") ? statsPage.prometheus(question) : Page.missing(question);
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
