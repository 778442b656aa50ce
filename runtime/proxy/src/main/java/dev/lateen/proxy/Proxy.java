package dev.lateen.proxy;

import dev.lateen.proxy.admin.AdminServers;
import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.config.ClusterIntervals;
import dev.lateen.proxy.config.ConfigurationFile;
import dev.lateen.proxy.config.Credentials;
import dev.lateen.proxy.config.NameResolution;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.dns.NameServer;
import dev.lateen.proxy.health.HealthChecks;
import dev.lateen.proxy.http.Decisions;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.http.ServiceFailures;
import dev.lateen.proxy.listener.DetectedProtocols;
import dev.lateen.proxy.listener.ListenerSockets;
import dev.lateen.proxy.net.LoopWatch;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Transport;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.overload.OverloadMonitor;
import dev.lateen.proxy.overload.ProcessResources;
import dev.lateen.proxy.telemetry.LogExporter;
import dev.lateen.proxy.telemetry.SpanExporter;
import dev.lateen.proxy.telemetry.Statistic;
import dev.lateen.proxy.telemetry.Telemetry;
import dev.lateen.proxy.tls.CredentialFiles;
import dev.lateen.proxy.tls.IdentityAgent;
import dev.lateen.proxy.tls.IdentityOptions;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.proxy.tls.Tls;
import dev.lateen.proxy.tls.TlsContexts;
import dev.lateen.proxy.upstream.ConnectionPools;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.retry.RetryDepth;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Extension;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One proxy: listeners, pools and admin interface, configured by xDS alone. Several can live in one process. {@link
 * #terminate} ends it without losing a request, {@link #close} at once.
 */
public final class Proxy implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Proxy.class);
    private static final long TICK_MILLIS = 100;

    private final EventLoopGroup acceptor;
    private final EventLoopGroup loops;
    private final LoopServices services;
    private final XdsConfiguration configuration;
    private final ListenerSockets listeners;
    private final NameResolution names;
    private final @Nullable NameServer dns;
    private final HealthChecks health;
    private final AdminServers admin;
    private final AdsClient ads;
    private final SecretStore secrets = new SecretStore();
    private final CredentialFiles files = new CredentialFiles(secrets);
    private final Decisions decisions = new Decisions();
    private final ClusterIntervals intervals = new ClusterIntervals(new Random());
    private final @Nullable IdentityAgent identity;
    private final AccessLogWriter log = new AccessLogWriter();
    private final OverloadMonitor overload;
    private final @Nullable ConfigurationFile file;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final FirstConnections first;
    private final Drain drain;
    private volatile @Nullable LoopWatch watch;

    /**
     * Starts a proxy. It serves as soon as its configuration comes, and keeps the last one while the control plane is
     * away.
     *
     * @throws IOException when one of its own ports is taken
     */
    public static Proxy start(ProxyOptions options) throws IOException {
        return start(options, ProcessResources.own(), options.captured());
    }

    /**
     * The same within other limits than those of the process.
     *
     * @param captured where connections of the app are held until the configuration is there; null without such an app
     */
    static Proxy start(ProxyOptions options, ProcessResources resources, @Nullable InetSocketAddress captured)
            throws IOException {
        return new Proxy(options, resources, captured);
    }

    private Proxy(ProxyOptions options, ProcessResources resources, @Nullable InetSocketAddress captured)
            throws IOException {
        overload = new OverloadMonitor(resources);
        Transport transport = Transport.best();
        Sockets sockets = new Sockets(transport, transport, options.socketMark());
        acceptor = transport.newGroup(1, "accept");
        loops = transport.newGroup(options.concurrency(), "worker");
        ControlPlaneChannels channels = new ControlPlaneChannels(transport, loops, sockets, options.identity());
        Tls tls = new Tls(new TlsContexts(secrets, Clock.systemUTC()));
        UpstreamSockets upstreams = new UpstreamSockets(sockets, tls);
        configuration = new XdsConfiguration(
                new Random(),
                Clock.systemUTC(),
                Timer.besides(acceptor.next()),
                this::subscribe,
                new Credentials(secrets, files),
                this::changed);
        Node node = options.node().toBuilder()
                .setUserAgentName("lateen")
                // Tells control planes that it honours what they say of Istio's metrics.
                .addExtensions(Extension.newBuilder().setName("istio.stats").setCategory("envoy.filters.http"))
                .build();
        // Spans and entries of logs leave on the loop that accepts, which carries no traffic.
        EventLoop accepting = acceptor.next();
        Worker exporting = new Worker(options.concurrency(), accepting, Timer.of(accepting));
        ConnectionPools pools = new ConnectionPools(exporting, upstreams);
        Function<String, @Nullable LiveCluster> clusters =
                name -> configuration.current().clusters().get(name);
        LogExporter entries = new LogExporter(exporting, pools, clusters, new Random(), node);
        entries.start();
        SpanExporter exporter = new SpanExporter(
                exporting,
                pools,
                clusters,
                new Random(),
                node.getCluster(),
                options.metadata().getOrDefault("INSTANCE_IPS", "127.0.0.1"));
        exporter.start();
        Telemetry telemetry = new Telemetry(
                node.getMetadata(),
                options.nodeId(),
                principal(options),
                () -> configuration.current().clusters(),
                configuration::connected,
                options.role() == ProxyOptions.Role.SIDECAR,
                options.series(),
                exporter,
                entries);
        AccessLogs logs = new AccessLogs(log, entries);
        RetryDepth retryDepth = new RetryDepth(options.limitsRetryDepth());
        services = new LoopServices(
                loops,
                worker -> new HttpService(
                        worker,
                        new ConnectionPools(worker, upstreams),
                        configuration::current,
                        new Random(),
                        telemetry.loop(),
                        logs,
                        Clock.systemUTC(),
                        decisions,
                        node.getCluster(),
                        overload,
                        new ServiceFailures(worker.timer()),
                        retryDepth,
                        new HttpService.Faults(options.name(), options.explainsToAnybody())));
        listeners = new ListenerSockets(sockets, upstreams, tls, acceptor, loops, services::of);
        first = new FirstConnections(listeners, captured, System.nanoTime());
        drain = new Drain(
                listeners,
                options.role() == ProxyOptions.Role.ROUTER
                        ? listener -> true
                        : listener -> listener.direction() == CompiledListener.TrafficDirection.INBOUND,
                captured != null,
                closed);
        names = new NameResolution();
        dns = options.answersDns() ? NameServer.start(sockets, acceptor, options.nodeId()) : null;
        ConfigurationReceiver receiver = new ConfigurationReceiver(configuration, dns);
        Path state = options.stateDirectory();
        file = state == null
                ? null
                : new ConfigurationFile(state, options.nodeId(), Clock.systemUTC(), receiver::savable);
        ads = new AdsClient(() -> channels.discovery(options.controlPlane()), node, receiver);
        health = new HealthChecks(exporting, upstreams, configuration::current, new Random());
        health.start();
        IdentityOptions known = options.identity();
        identity = known == null
                ? null
                : new IdentityAgent(known, () -> channels.authority(known), secrets, Clock.systemUTC(), new Random())
                        .start();
        admin = new AdminServers(options, node, configuration, telemetry, decisions, lifecycle());
        ads.subscribe(XdsConfiguration.CLUSTERS, Subscription.ALL);
        ads.subscribe(XdsConfiguration.LISTENERS, Subscription.ALL);
        if (dns != null) {
            ads.subscribe(NameServer.TYPE, Subscription.ALL);
        }
        files.start();
        ads.start();
        ConfigurationFile kept = file;
        if (kept != null) {
            kept.start();
            var _ = Timer.besides(accepting)
                    .after(
                            ConfigurationReceiver.PATIENCE.toNanos(),
                            () -> receiver.restore(kept, options.controlPlane()));
        }
        watch = LoopWatch.start(
                Stream.concat(services.loops().stream(), Stream.of(accepting)).toList());
        var _ = acceptor.next().scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        var _ = acceptor.next().scheduleAtFixedRate(this::lookForOverload, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
        LOG.info("proxy {} starts; configuration comes from {}", options.nodeId(), options.controlPlane());
    }

    private void subscribe(String type, Subscription wanted) {
        ads.subscribe(type, wanted);
    }

    private void changed(ActiveConfiguration current) {
        listeners.apply(current);
        names.apply(current);
        health.changed();
        services.closeUnused(current);
        ConfigurationFile kept = file;
        if (kept != null) {
            kept.changed();
        }
    }

    private void tick() {
        first.look(this::ready, System.nanoTime());
        ActiveConfiguration current = configuration.current();
        if (intervals.tick(current.clusters().values(), System.nanoTime())) {
            services.closeUnused(current);
        }
    }

    private void lookForOverload() {
        boolean before = overload.tight();
        overload.look(System.nanoTime());
        boolean tight = overload.tight();
        if (tight != before) {
            services.tight(tight);
        }
        if (tight) {
            listeners.relieve();
        }
    }

    private AdminServers.Lifecycle lifecycle() {
        return new AdminServers.Lifecycle() {
            @Override
            public void drain() {
                Thread.ofVirtual().name("drain").start(() -> {
                    drain.announce();
                    drain.stopAccepting();
                });
            }

            @Override
            public boolean identified() {
                return identity == null || identity.current() != null;
            }

            @Override
            public @Nullable X509Certificate certificate() {
                IdentityAgent agent = identity;
                return agent == null ? null : agent.current();
            }

            @Override
            public long blockedLoops() {
                return Proxy.this.blockedLoops();
            }

            @Override
            public List<Statistic> listeners() {
                return listeners.statistics();
            }

            @Override
            public Map<String, String> unopened() {
                return listeners.failures();
            }

            @Override
            public long lostLogLines() {
                return log.lost();
            }

            @Override
            public OverloadMonitor overload() {
                return overload;
            }

            @Override
            public SecretStore secrets() {
                return secrets;
            }

            @Override
            public DetectedProtocols detected() {
                return listeners.detected();
            }

            @Override
            public boolean draining() {
                return drain.begun();
            }

            @Override
            public void quit() {
                Thread.ofVirtual().name("quit").start(Proxy.this::terminate);
            }
        };
    }

    private static String principal(ProxyOptions options) {
        return options.identity() == null
                ? ""
                : "spiffe://" + options.metadata().getOrDefault("TRUST_DOMAIN", "cluster.local") + "/ns/"
                        + options.namespace() + "/sa/"
                        + options.metadata().getOrDefault("SERVICE_ACCOUNT", "default");
    }

    /**
     * Whether the first configuration is in force and the workload has its certificate. Sockets that cannot be opened stand
     * in the log and on page {@code /config_dump}, and keep the rest from nothing.
     */
    public boolean ready() {
        boolean known = identity == null || identity.current() != null;
        return known && configuration.complete() && (dns == null || dns.knowsNames());
    }

    /** Whether all that the control plane sent is in force, and nothing that it took away goes on. */
    public boolean settled() {
        return ready() && configuration.settled();
    }

    /** The port that a listener is bound to, or -1. */
    public int port(String listener) {
        return listeners.port(listener);
    }

    /** Where the admin interface listens. */
    public int adminPort() {
        return admin.adminPort();
    }

    /** How often an event loop was found blocked. */
    public long blockedLoops() {
        LoopWatch loops = watch;
        return loops == null ? 0 : loops.blocked();
    }

    /** Waits until the proxy is closed. */
    public void awaitTermination() throws InterruptedException {
        closed.await();
    }

    /** Ends the proxy without losing a request, as {@link Drain} does, and closes it then. Blocks. */
    public void terminate() {
        try {
            drain.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    /** Closes everything at once. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed.getCount() == 0) {
                return;
            }
            LoopWatch watching = watch;
            if (watching != null) {
                watching.close();
            }
            ads.close();
            ConfigurationFile kept = file;
            if (kept != null) {
                kept.close();
            }
            files.close();
            if (identity != null) {
                identity.close();
            }
            names.close();
            if (dns != null) {
                dns.close();
            }
            listeners.close();
            admin.close();
            Transport.shutdown(acceptor);
            Transport.shutdown(loops);
            log.close();
            closed.countDown();
        }
    }
}
