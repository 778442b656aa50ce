package dev.lateen.mesh.rules;

import dev.lateen.config.networking.ClientTls;
import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.config.networking.LoadBalancer;
import dev.lateen.config.networking.OutlierDetection;
import dev.lateen.config.networking.TrafficPolicy;
import dev.lateen.config.networking.TrafficPolicy.PortPolicy;
import org.jspecify.annotations.Nullable;

/**
 * The traffic policy of one port of a host or subset: the port's own settings replace the host's as a whole, a subset's
 * replace them setting by setting.
 */
public record Policies(
        @Nullable LoadBalancer loadBalancer,
        @Nullable ConnectionPool connectionPool,
        @Nullable OutlierDetection outlierDetection,
        @Nullable ClientTls tls) {
    /** No settings. */
    public static final Policies NONE = new Policies(null, null, null, null);

    /** Of the whole host. */
    public static Policies of(@Nullable HostPolicy host, int port) {
        if (host == null || host.trafficPolicy() == null) {
            return NONE;
        }
        PortPolicy own = port(host.trafficPolicy(), port);
        return own == null ? of(host.trafficPolicy()) : of(own);
    }

    /** Of a subset. */
    public static Policies of(HostPolicy host, Subset subset, int port) {
        Policies policies = of(host, port);
        TrafficPolicy policy = subset.trafficPolicy();
        if (policy == null) {
            return policies;
        }
        PortPolicy own = port(policy, port);
        Policies merged = policies.with(of(policy));
        return own == null ? merged : merged.with(of(own));
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
        return new Policies(policy.loadBalancer(), policy.connectionPool(), policy.outlierDetection(), policy.tls());
    }

    private static Policies of(PortPolicy policy) {
        return new Policies(policy.loadBalancer(), policy.connectionPool(), policy.outlierDetection(), policy.tls());
    }

    private Policies with(Policies over) {
        return new Policies(
                over.loadBalancer != null ? over.loadBalancer : loadBalancer,
                over.connectionPool != null ? over.connectionPool : connectionPool,
                over.outlierDetection != null ? over.outlierDetection : outlierDetection,
                over.tls != null ? over.tls : tls);
    }

    /** The hashing of keys that the load balancer asks for, null when it does not. */
    public LoadBalancer.@Nullable ConsistentHash hash() {
        return loadBalancer != null && loadBalancer.policy() instanceof LoadBalancer.Policy.Hashed hashed
                ? hashed.hash()
                : null;
    }
}
