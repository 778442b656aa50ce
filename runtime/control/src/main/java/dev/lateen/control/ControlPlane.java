package dev.lateen.control;

import dev.lateen.config.ObjectName;
import dev.lateen.control.ca.MeshAuthority;
import dev.lateen.control.gateway.ManagedGateways;
import dev.lateen.control.keys.IssuerKeys;
import dev.lateen.control.registration.Registrations;
import dev.lateen.control.secret.FileSecrets;
import dev.lateen.control.secret.NamedObjects;
import dev.lateen.control.secret.ProxySecrets;
import dev.lateen.control.source.DirectorySource;
import dev.lateen.control.source.KubernetesSource;
import dev.lateen.control.source.Source;
import dev.lateen.control.status.ReplicaReport;
import dev.lateen.control.status.StatusBoard;
import dev.lateen.control.status.StatusText;
import dev.lateen.control.status.StatusWriter;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Translator;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.ResourceSet;
import dev.lateen.xds.server.XdsServer;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane: watches its sources, makes snapshots, translates them for each proxy and serves ADS. It keeps no
 * state of its own: after a restart it reads its sources anew, and opens the xDS port only when it has all of them, so
 * that no proxy is ever given less than there is.
 */
public final class ControlPlane implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlPlane.class);

    private final ControlOptions options;
    private final Clock clock;
    private final ControlMetrics metrics;
    private final ProblemBoard problems = new ProblemBoard();
    private final FileSecrets fileSecrets = new FileSecrets();
    private final ProxySecrets secrets;
    private final Registrations registrations;
    private final Distribution distribution;
    private final Map<String, HttpPages.Page> debug;
    private final StatusBoard status;
    private final SnapshotLoop loop;
    private final IssuerKeys keys;
    private final @Nullable NamedObjects<ConfigMap> bundles;
    private final @Nullable Admission admission;
    private final List<Source> sources = new ArrayList<>();
    private final List<HttpPort> ports = new ArrayList<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final @Nullable KubernetesClient client;
    private @Nullable StatusWriter statuses;
    private volatile @Nullable XdsServer xds;
    private volatile @Nullable XdsServer secured;
    private volatile @Nullable MeshAuthority authority;

    private ControlPlane(ControlOptions options, String version, Clock clock) {
        this.options = options;
        this.clock = clock;
        this.metrics = new ControlMetrics(version);
        Snapshot first = Snapshot.empty(options.clusterDomain());
        this.client = options.kubernetes() == null ? null : options.kubernetes().get();
        this.secrets = new ProxySecrets(client, fileSecrets, !options.plaintextOpen(), clock);
        this.registrations = new Registrations(client, clock);
        this.distribution = new Distribution(
                first,
                secrets,
                registrations,
                new DebugQuestions(
                        options.systemNamespace(),
                        version,
                        options.pod(),
                        this::clients,
                        this::resources,
                        this::debugPage),
                metrics::internalError);
        this.status = new StatusBoard(first);
        this.debug = new DebugPages(distribution, secrets, problems, status, this::clients).pages();
        this.loop = new SnapshotLoop(first, options.quiet(), options.limit(), problems, metrics, this::distribute);
        this.keys = IssuerKeys.start(fetched -> loop.change(change -> change.keys(fetched)));
        this.bundles = client == null ? null : bundles(client);
        this.admission = client == null
                ? null
                : new Admission(client, options, distribution::snapshot, metrics::counted, metrics::limitExceeded);
    }

    private NamedObjects<ConfigMap> bundles(KubernetesClient cluster) {
        return new NamedObjects<>(
                name -> cluster.configMaps()
                        .inNamespace(name.namespace())
                        .withName(name.name())
                        .runnableInformer(0),
                (name, map) -> loop.change(change -> change.put(map)),
                name -> loop.change(change -> change.remove(name)));
    }

    /**
     * Starts; returns once the ports but xDS are open, and serves xDS as soon as every source has been read.
     *
     * @param version of Lateen, for metrics and {@code /version}
     * @throws IOException if a port is taken or a directory missing; nothing is left open then
     */
    public static ControlPlane start(ControlOptions options, String version) throws IOException {
        return start(options, version, Clock.systemUTC());
    }

    /**
     * As {@link #start(ControlOptions, String)}, with another clock: by it certificates begin and end, and what is
     * remembered or put off ends.
     */
    public static ControlPlane start(ControlOptions options, String version, Clock clock) throws IOException {
        ControlPlane plane = new ControlPlane(options, version, clock);
        try {
            plane.open();
        } catch (IOException | RuntimeException e) {
            plane.close();
            throw e;
        }
        return plane;
    }

    private void open() throws IOException {
        ports.add(HttpPort.open(
                options.address(options.httpPort()),
                "readiness and debugging",
                new HttpPages(
                        Map.of(
                                "/ready",
                                query -> isReady()
                                        ? HttpPages.Answer.text(200, "")
                                        : HttpPages.Answer.text(503, "not ready\n"),
                                "/version",
                                query -> version()),
                        debug),
                metrics::connectionRefused));
        ports.add(HttpPort.open(
                options.address(options.monitoringPort()),
                "monitoring",
                new HttpPages(
                        Map.of(
                                "/metrics",
                                query -> new HttpPages.Answer(
                                        200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()),
                                "/version",
                                query -> version()),
                        debug),
                metrics::connectionRefused));
        metrics.gauge(
                "pilot_services",
                () -> distribution.snapshot().registry().services().size());
        metrics.gauge("pilot_virt_services", () -> (int) distribution.snapshot().config().values().stream()
                .filter(object -> object.kind().equals(dev.lateen.config.Kinds.VIRTUAL_SERVICE))
                .count());
        metrics.gauge(
                "pilot_conflict_outbound_listener_tcp_over_current_tcp",
                () -> Translator.conflicts(distribution.snapshot()).size());
        for (boolean error : new boolean[] {true, false}) {
            metrics.gauge(
                    "lateen_config_problems{severity=\"" + (error ? "error" : "warning") + "\"}",
                    () -> problems.count(error));
        }
        loop.start();
        List<CompletableFuture<Void>> synced = new ArrayList<>();
        if (options.configDir() != null) {
            synced.add(begin(
                    new DirectorySource(options.configDir(), options.systemNamespace(), fileSecrets, options.quiet())));
        }
        if (client != null) {
            ManagedGateways managed = new ManagedGateways(client, options.systemNamespace());
            statuses =
                    new StatusWriter(client, options.systemNamespace(), options.pod(), clock, new OwnStatuses(), () -> {
                        managed.run(distribution.snapshot());
                        registrations.sweep(distribution.snapshot());
                    });
            synced.add(begin(new KubernetesSource(client, options.systemNamespace())));
        }
        if (admission != null) {
            synced.add(admission.start());
        }
        var _ = CompletableFuture.allOf(synced.toArray(CompletableFuture[]::new))
                .thenCompose(nothing -> applied())
                // Else proxies that have keys would get none, and refuse good tokens.
                .thenCompose(nothing -> keys.tried())
                .thenCompose(nothing -> bundles == null ? applied() : bundles.asked())
                .thenCompose(nothing -> applied())
                .thenRun(this::serve)
                .exceptionally(failure -> {
                    log.error("The control plane cannot serve", failure);
                    ready.completeExceptionally(failure);
                    return null;
                });
    }

    /** What this control plane knows of the statuses of objects. */
    private final class OwnStatuses implements StatusWriter.Statuses {
        @Override
        public Map<ObjectName, StatusText> of(Map<String, ReplicaReport> others) {
            return status.statuses(problems.read(), DebugQuestions.proxies(clients()), others);
        }

        @Override
        public Optional<ReplicaReport> own() {
            return isReady() ? Optional.of(status.report(DebugQuestions.proxies(clients()))) : Optional.empty();
        }
    }

    private CompletableFuture<Void> begin(Source source) {
        sources.add(source);
        return source.start(loop);
    }

    /** Completes when all changes told before this call are in the snapshot. */
    private CompletableFuture<Void> applied() {
        return loop.settled();
    }

    private void serve() {
        try {
            XdsServer server = XdsServer.start(options.plaintextAddress(), distribution, metrics, clock);
            xds = server;
            log.info("Serving xDS in the clear on port {}", server.port());
            if (client != null) {
                secure(client);
            }
            ready.complete(null);
        } catch (IOException | IllegalArgumentException e) {
            log.error("{}", e.getMessage());
            ready.completeExceptionally(e);
        }
    }

    private void secure(KubernetesClient cluster) throws IOException {
        MeshAuthority signs = MeshAuthority.start(
                cluster,
                options.systemNamespace(),
                this::trustDomain,
                () -> distribution.snapshot().mesh().trustDomainAliases(),
                clock,
                metrics::limitExceeded);
        authority = signs;
        metrics.gauge("citadel_server_root_cert_expiry_timestamp", () -> signs.rootEnd()
                .getEpochSecond());
        metrics.gauge("citadel_server_cert_chain_expiry_timestamp", () -> signs.chainEnd()
                .getEpochSecond());
        XdsServer server =
                XdsServer.start(options.address(options.securePort()), distribution, metrics, clock, signs.security());
        secured = server;
        log.info("Serving xDS and certificates to authenticated clients on port {}", server.port());
        if (admission != null) {
            admission.serve(signs);
        }
    }

    private String trustDomain() {
        String configured = distribution.snapshot().mesh().trustDomain();
        return configured.isEmpty() ? Snapshot.CLUSTER_DOMAIN : configured;
    }

    private void distribute(Snapshot snapshot, long generation, long changedAt) {
        metrics.generation(generation, changedAt);
        status.snapshot(snapshot, generation);
        distribution.distribute(snapshot, generation);
        keys.want(snapshot.rules().security().keyLocations());
        if (bundles != null) {
            bundles.want(snapshot.rules().ofKubernetes().bundles())
                    .forEach(name -> loop.change(change -> change.remove(name)));
        }
    }

    private ResourceSet resources(Node node) {
        return distribution.resourcesFor(node);
    }

    private HttpPages.@Nullable Page debugPage(String path) {
        return debug.get(path);
    }

    private HttpPages.Answer version() {
        return HttpPages.Answer.text(200, metrics.version() + "\n");
    }

    private boolean isReady() {
        return ready.isDone() && !ready.isCompletedExceptionally();
    }

    /** Completes when xDS is served; exceptionally if its port is taken. */
    public CompletableFuture<Void> ready() {
        return ready.copy();
    }

    /** The xDS port in use; 0 before {@link #ready()}. */
    public int xdsPort() {
        XdsServer server = xds;
        return server == null ? 0 : server.port();
    }

    /** The port of xDS and certificates for authenticated clients; 0 where there is none. */
    public int securePort() {
        XdsServer server = secured;
        return server == null ? 0 : server.port();
    }

    /** The port of admission webhooks; 0 where there is none. */
    public int webhookPort() {
        return admission == null ? 0 : admission.port();
    }

    /** The port of readiness and debugging. */
    public int httpPort() {
        return ports.get(0).port();
    }

    /** The port of metrics. */
    public int monitoringPort() {
        return ports.get(1).port();
    }

    /** The proxies connected now. */
    public List<ClientStatus> clients() {
        List<ClientStatus> all = new ArrayList<>();
        for (XdsServer server : new XdsServer[] {xds, secured}) {
            if (server != null) {
                all.addAll(server.clients());
            }
        }
        return all;
    }

    /** Waits until {@link #close} was called. */
    public void awaitClose() throws InterruptedException {
        closed.await();
    }

    @Override
    public void close() {
        if (admission != null) {
            admission.close();
        }
        registrations.close();
        sources.forEach(Source::close);
        keys.close();
        if (bundles != null) {
            bundles.close();
        }
        loop.close();
        for (XdsServer server : new XdsServer[] {secured, xds}) {
            if (server != null) {
                server.close();
            }
        }
        MeshAuthority signs = authority;
        if (signs != null) {
            signs.close();
        }
        ports.forEach(HttpPort::close);
        if (statuses != null) {
            statuses.close();
        }
        secrets.close();
        if (client != null) {
            client.close();
        }
        closed.countDown();
    }
}
