package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Hosts;
import dev.lateen.proxycore.cluster.OutlierDetector;
import dev.lateen.proxycore.listener.TransportSocket;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A cluster at work: its configuration with its hosts, limits, detector and balancer. Immutable but for what its parts
 * count; a change of configuration makes a new one that takes over hosts, and the parts whose own settings stayed.
 */
public final class LiveCluster {
    private final CompiledCluster config;
    private final Hosts hosts;
    private final Map<Priority, CircuitBreaker> breakers;
    private final @Nullable OutlierDetector outlier;
    private final LoadBalancer balancer;

    private LiveCluster(
            CompiledCluster config,
            Hosts hosts,
            Map<Priority, CircuitBreaker> breakers,
            @Nullable OutlierDetector outlier,
            LoadBalancer balancer) {
        this.config = config;
        this.hosts = hosts;
        this.breakers = breakers;
        this.outlier = outlier;
        this.balancer = balancer;
    }

    /**
     * A cluster that was not there before. Hosts that came with the configuration are in; those of EDS and DNS come by
     * {@link Hosts#update}.
     */
    public static LiveCluster of(CompiledCluster config, RandomGenerator random) {
        Map<Priority, CircuitBreaker> breakers = new EnumMap<>(Priority.class);
        for (Priority priority : Priority.values()) {
            breakers.put(priority, new CircuitBreaker(config.thresholds(priority)));
        }
        Hosts hosts = new Hosts();
        if (config.discovery() instanceof Discovery.Static(var endpoints)) {
            hosts.update(endpoints);
        }
        return new LiveCluster(
                config,
                hosts,
                breakers,
                config.outlier() == null ? null : new OutlierDetector(config.outlier(), hosts),
                LoadBalancer.of(config, hosts, random));
    }

    /**
     * The same cluster with another configuration. Requests under way keep the old one's limits. When endpoints now
     * come from somewhere else, the hosts stay until {@link Hosts#update} brings the others.
     */
    public LiveCluster changed(CompiledCluster next, RandomGenerator random) {
        Map<Priority, CircuitBreaker> kept = new EnumMap<>(breakers);
        for (Priority priority : Priority.values()) {
            if (!next.thresholds(priority).equals(config.thresholds(priority))) {
                kept.put(priority, new CircuitBreaker(next.thresholds(priority)));
            }
        }
        OutlierDetector detector = outlier;
        if (!Objects.equals(next.outlier(), config.outlier())) {
            detector = next.outlier() == null ? null : new OutlierDetector(next.outlier(), hosts);
            if (detector == null) {
                hosts.restoreEjected();
            }
        }
        if (next.discovery() instanceof Discovery.Static(var endpoints)) {
            hosts.update(endpoints);
        }
        boolean sameBalancer = next.balance().equals(config.balance())
                && next.balancing().equals(config.balancing())
                && next.discovery().equals(config.discovery());
        return new LiveCluster(
                next, hosts, kept, detector, sameBalancer ? balancer : LoadBalancer.of(next, hosts, random));
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
