package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import dev.lateen.proxycore.cluster.ClusterTotals;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import dev.lateen.proxycore.cluster.OutlierDetector;
import dev.lateen.proxycore.listener.TransportSocket;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A cluster at work: its configuration with its hosts, limits, detector and balancer. Immutable but for what its parts
 * count; a change of configuration makes a new one.
 */
public final class LiveCluster {
    private final CompiledCluster config;
    private final Hosts hosts;
    private final Map<Priority, CircuitBreaker> breakers;
    private final @Nullable OutlierDetector outlier;
    private final LoadBalancer balancer;
    private final LongSupplier time;
    private final ClusterTotals totals;

    private LiveCluster(
            CompiledCluster config,
            Hosts hosts,
            Map<Priority, CircuitBreaker> breakers,
            @Nullable OutlierDetector outlier,
            LoadBalancer balancer,
            LongSupplier time,
            ClusterTotals totals) {
        this.config = config;
        this.hosts = hosts;
        this.breakers = breakers;
        this.outlier = outlier;
        this.balancer = balancer;
        this.time = time;
        this.totals = totals;
    }

    /**
     * A cluster that was not there before. Hosts that came with the configuration are in; those of EDS and DNS come by
     * {@link Hosts#update}.
     */
    public static LiveCluster of(CompiledCluster config, RandomGenerator random) {
        return of(config, random, () -> 0);
    }

    /**
     * The same with a clock.
     *
     * @param time nanoseconds of a monotonic clock, for hosts that start slowly
     */
    public static LiveCluster of(CompiledCluster config, RandomGenerator random, LongSupplier time) {
        return of(config, random, time, new ClusterTotals());
    }

    private static LiveCluster of(
            CompiledCluster config, RandomGenerator random, LongSupplier time, ClusterTotals totals) {
        Map<Priority, CircuitBreaker> breakers = new EnumMap<>(Priority.class);
        for (Priority priority : Priority.values()) {
            breakers.put(priority, new CircuitBreaker(config.thresholds(priority), totals));
        }
        Hosts hosts = new Hosts(config.health() != null, time, totals);
        if (config.discovery() instanceof Discovery.Static(var endpoints)) {
            hosts.update(endpoints);
        }
        return new LiveCluster(
                config,
                hosts,
                breakers,
                config.outlier() == null ? null : new OutlierDetector(config.outlier(), hosts),
                LoadBalancer.of(config, hosts, random),
                time,
                totals);
    }

    /**
     * The cluster that takes this one's place when its configuration is another: as in Envoy a new one, whose hosts have
     * neither connections nor ejections, and whose limits count from zero, while {@link #totals} go on. Requests under way
     * end in the old one. Until {@link Hosts#update} brings others, its hosts have the addresses of the old ones.
     */
    public LiveCluster changed(CompiledCluster next, RandomGenerator random) {
        if (next.equals(config)) {
            return this;
        }
        LiveCluster fresh = of(next, random, time, totals);
        boolean brought = next.discovery() instanceof Discovery.Static
                || next.discovery() instanceof Discovery.OriginalDestination
                || next.discovery() instanceof Discovery.ByRequest;
        if (!brought) {
            fresh.hosts.update(hosts.current().endpoints(next.name()));
        }
        if (next.health() != null && next.health().equals(config.health())) {
            fresh.hosts.checkedLike(hosts);
        }
        return fresh;
    }

    public CompiledCluster config() {
        return config;
    }

    public Hosts hosts() {
        return hosts;
    }

    /** The limits of a priority, with what is in use. */
    public CircuitBreaker breaker(Priority priority) {
        CircuitBreaker breaker = breakers.get(priority);
        if (breaker == null) {
            throw new IllegalStateException("every priority has a circuit breaker");
        }
        return breaker;
    }

    /** The detector, or null when nothing is ever ejected. */
    public @Nullable OutlierDetector outlier() {
        return outlier;
    }

    /** What happened here so far, before changes of its configuration too. */
    public ClusterTotals totals() {
        return totals;
    }

    public LoadBalancer balancer() {
        return balancer;
    }

    /** How bytes to this host are wrapped. */
    public TransportSocket transport(Host host) {
        return config.transport(host.endpoint());
    }

    @Override
    public String toString() {
        return "cluster \"" + config.name() + "\"";
    }
}
