package dev.lateen.mesh.rules;

import dev.lateen.config.MeshConfig;
import dev.lateen.config.networking.ClientTls;
import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.config.networking.LoadBalancer;
import dev.lateen.config.networking.LocalitySetting;
import dev.lateen.config.networking.OutlierDetection;
import dev.lateen.config.networking.TrafficPolicy;
import dev.lateen.config.networking.TrafficPolicy.PortPolicy;
import dev.lateen.config.networking.TrafficPolicy.ProxyProtocol;
import dev.lateen.config.networking.TrafficPolicy.RetryBudget;
import dev.lateen.config.networking.TrafficPolicy.Tunnel;
import dev.lateen.mesh.registry.MeshService;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The traffic policy of one port of a host or subset: the port's own settings replace the host's as a whole, a subset's
 * replace them setting by setting, and the mesh's stand where neither speaks. A tunnel is that of whoever is named, host
 * or subset: as in Istio, a subset has none of its host's.
 */
public record Policies(
        @Nullable LoadBalancer loadBalancer,
        @Nullable ConnectionPool connectionPool,
        @Nullable OutlierDetection outlierDetection,
        @Nullable ClientTls tls,
        @Nullable RetryBudget retryBudget,
        @Nullable ProxyProtocol proxyProtocol,
        @Nullable Tunnel tunnel) {
    private static final LoadBalancer.Policy BY_CALLER = new LoadBalancer.Policy.Hashed(
            new LoadBalancer.ConsistentHash(new LoadBalancer.HashKey.SourceIp(true), null, 0));

    /** No settings. */
    public static final Policies NONE = new Policies(null, null, null, null, null, null, null);

    /** Of the whole host. */
    public static Policies of(@Nullable HostPolicy host, int port) {
        if (host == null || host.trafficPolicy() == null) {
            return NONE;
        }
        TrafficPolicy policy = host.trafficPolicy();
        PortPolicy own = port(policy, port);
        // These hold for all ports: their own settings have no such fields.
        return own == null ? of(policy) : of(own, policy.retryBudget(), policy.proxyProtocol(), policy.tunnel());
    }

    /** Of a subset. */
    public static Policies of(HostPolicy host, Subset subset, int port) {
        Policies policies = of(host, port).tunnelled(null);
        TrafficPolicy policy = subset.trafficPolicy();
        if (policy == null) {
            return policies;
        }
        PortPolicy own = port(policy, port);
        Policies merged = policies.with(of(policy));
        return own == null ? merged : merged.with(of(own, null, null, null));
    }

    /** These, with another tunnel. */
    public Policies tunnelled(@Nullable Tunnel other) {
        return new Policies(loadBalancer, connectionPool, outlierDetection, tls, retryBudget, proxyProtocol, other);
    }

    private static @Nullable PortPolicy port(TrafficPolicy policy, int port) {
        for (PortPolicy own : policy.portLevelSettings()) {
            if (own.port().number() == port) {
                return own;
            }
        }
        return null;
    }

    private static Policies of(TrafficPolicy policy) {
        return new Policies(
                policy.loadBalancer(),
                policy.connectionPool(),
                policy.outlierDetection(),
                policy.tls(),
                policy.retryBudget(),
                policy.proxyProtocol(),
                policy.tunnel());
    }

    private static Policies of(
            PortPolicy policy, @Nullable RetryBudget budget, @Nullable ProxyProtocol header, @Nullable Tunnel tunnel) {
        return new Policies(
                policy.loadBalancer(),
                policy.connectionPool(),
                policy.outlierDetection(),
                policy.tls(),
                budget,
                header,
                tunnel);
    }

    private Policies with(Policies over) {
        return new Policies(
                over.loadBalancer != null ? over.loadBalancer : loadBalancer,
                over.connectionPool != null ? over.connectionPool : connectionPool,
                over.outlierDetection != null ? over.outlierDetection : outlierDetection,
                over.tls != null ? over.tls : tls,
                over.retryBudget != null ? over.retryBudget : retryBudget,
                over.proxyProtocol != null ? over.proxyProtocol : proxyProtocol,
                over.tunnel != null ? over.tunnel : tunnel);
    }

    /** These, with what a Service itself says of its endpoints where no rule chose a load balancer. */
    public Policies orElse(MeshService service) {
        boolean chosen = loadBalancer != null && loadBalancer.policy() != null;
        return chosen || !service.sticky()
                ? this
                : new Policies(
                        new LoadBalancer(
                                BY_CALLER,
                                loadBalancer == null ? null : loadBalancer.localityLbSetting(),
                                null,
                                null,
                                null),
                        connectionPool,
                        outlierDetection,
                        tls,
                        retryBudget,
                        proxyProtocol,
                        tunnel);
    }

    /** These, with the mesh's defaults in the gaps. */
    public Policies orElse(MeshConfig mesh) {
        MeshConfig.DefaultTrafficPolicy otherwise = mesh.defaultTrafficPolicy();
        return otherwise == null
                ? this
                : new Policies(null, otherwise.connectionPool(), otherwise.outlierDetection(), null, null, null, null)
                        .with(this);
    }

    /**
     * How places count, null when they do not.
     *
     * @param nearest what the service says, where no rule speaks of it; see {@code MeshService}
     * @param mesh what holds where neither speaks
     */
    public @Nullable LocalitySetting locality(List<String> nearest, @Nullable LocalitySetting mesh) {
        LocalitySetting own = loadBalancer == null ? null : loadBalancer.localityLbSetting();
        if (own == null && !nearest.isEmpty()) {
            return new LocalitySetting(List.of(), List.of(), nearest, null);
        }
        LocalitySetting setting = own == null ? mesh : own;
        boolean enabled = setting == null || setting.enabled() == null || setting.enabled();
        if (!enabled) {
            return null;
        }
        if (setting != null && !setting.distribute().isEmpty()) {
            return setting;
        }
        // Without outlier detection nobody would notice that a place has failed.
        return outlierDetection == null
                ? null
                : setting == null ? new LocalitySetting(List.of(), List.of(), List.of(), null) : setting;
    }

    static boolean asksForPlace(@Nullable LoadBalancer balancer, @Nullable OutlierDetection detection) {
        return detection != null || (balancer != null && balancer.localityLbSetting() != null);
    }

    /** The hashing of keys that the load balancer asks for, null when it does not. */
    public LoadBalancer.@Nullable ConsistentHash hash() {
        return loadBalancer != null && loadBalancer.policy() instanceof LoadBalancer.Policy.Hashed hashed
                ? hashed.hash()
                : null;
    }
}
