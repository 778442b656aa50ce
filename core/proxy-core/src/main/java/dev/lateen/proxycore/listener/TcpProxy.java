package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Hash;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig;
import io.envoyproxy.envoy.type.v3.HashPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Passes bytes to a cluster ({@code envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy}). Immutable.
 *
 * @param statPrefix by which its statistics are named
 * @param destinations clusters with their weights; one for a plain destination
 * @param idleTimeout how long a connection may be silent; zero means without limit
 * @param maxDuration how long a connection may live; null means without limit
 * @param maxConnectAttempts how many endpoints are tried; at least 1
 * @param hashSourceAddress whether the client's address is the hash for ring hash and Maglev
 * @param tunnel how connections are carried through the cluster to somewhere else; null where they go to it
 * @param lookup how the name that is asked for is looked up before; null for not at all
 * @param accessLogs one line per connection
 * @param metrics what is different in its metrics
 */
public record TcpProxy(
        String statPrefix,
        List<Destination> destinations,
        Duration idleTimeout,
        @Nullable Duration maxDuration,
        int maxConnectAttempts,
        boolean hashSourceAddress,
        @Nullable Tunnel tunnel,
        @Nullable NameLookup lookup,
        List<AccessLog> accessLogs,
        MetricRules metrics)
        implements NetworkFilter {
    private static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofHours(1);

    public TcpProxy {
        destinations = List.copyOf(destinations);
        accessLogs = List.copyOf(accessLogs);
    }

    /** A cluster and how much of the connections it gets, relative to the others. */
    public record Destination(String cluster, int weight) {}

    /**
     * A connection is the content of a request to the cluster ({@code TcpProxy.TunnelingConfig}).
     *
     * @param target host and port that are asked for
     * @param path of a POST; empty for CONNECT, which has none
     */
    public record Tunnel(Format target, String path) {
        /** The request. */
        public RequestHead request(FormatContext connection, boolean secured) {
            return RequestHead.of(path.isEmpty() ? "CONNECT" : "POST", target.render(connection, "-"), path)
                    .scheme(secured ? "https" : "http");
        }
    }

    private static Tunnel tunnel(TunnelingConfig proto, Place at) throws CompileException {
        if (proto.getHostname().isEmpty()) {
            throw at.field("hostname").refuse("must not be empty");
        }
        if (!proto.getUsePost() && !proto.getPostPath().isEmpty()) {
            throw at.field("post_path").refuse("only with use_post");
        }
        String path = proto.getPostPath().isEmpty() ? "/" : proto.getPostPath();
        return new Tunnel(Format.parse(proto.getHostname(), at.field("hostname")), proto.getUsePost() ? path : "");
    }

    static TcpProxy of(
            io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy proto,
            Place at,
            @Nullable NameLookup lookup,
            MetricRules metrics)
            throws CompileException {
        List<Destination> destinations = new ArrayList<>();
        switch (proto.getClusterSpecifierCase()) {
            case CLUSTER -> destinations.add(new Destination(proto.getCluster(), 1));
            case WEIGHTED_CLUSTERS -> {
                long sum = 0;
                for (int i = 0; i < proto.getWeightedClusters().getClustersCount(); i++) {
                    var cluster = proto.getWeightedClusters().getClusters(i);
                    Place here = at.field("weighted_clusters").item("clusters", i);
                    if (cluster.getWeight() < 1) {
                        throw here.field("weight").refuse("must be at least 1");
                    }
                    sum += cluster.getWeight();
                    destinations.add(new Destination(cluster.getName(), cluster.getWeight()));
                }
                if (sum < 1 || sum > Integer.MAX_VALUE) {
                    throw at.field("weighted_clusters").refuse("the weights add up to " + sum);
                }
            }
            case CLUSTERSPECIFIER_NOT_SET -> throw at.refuse("no cluster");
        }
        return new TcpProxy(
                proto.getStatPrefix(),
                destinations,
                proto.hasIdleTimeout()
                        ? at.field("idle_timeout").duration(proto.getIdleTimeout())
                        : DEFAULT_IDLE_TIMEOUT,
                proto.hasMaxDownstreamConnectionDuration()
                        ? at.field("max_downstream_connection_duration")
                                .duration(proto.getMaxDownstreamConnectionDuration())
                        : null,
                proto.hasMaxConnectAttempts() ? Math.max(1, at.number(proto.getMaxConnectAttempts())) : 1,
                hashesSource(proto.getHashPolicyList(), at),
                proto.hasTunnelingConfig() ? tunnel(proto.getTunnelingConfig(), at.field("tunneling_config")) : null,
                lookup,
                AccessLog.all(proto.getAccessLogList(), at),
                metrics);
    }

    private static boolean hashesSource(List<HashPolicy> policies, Place at) throws CompileException {
        for (int i = 0; i < policies.size(); i++) {
            if (!policies.get(i).hasSourceIp()) {
                throw at.item("hash_policy", i).refuse("only source_ip is supported");
            }
        }
        return !policies.isEmpty();
    }

    /** The cluster for one connection. */
    public String cluster(RandomGenerator random) {
        if (destinations.size() == 1) {
            return destinations.getFirst().cluster();
        }
        int sum = 0;
        for (Destination destination : destinations) {
            sum += destination.weight();
        }
        int roll = random.nextInt(sum);
        for (Destination destination : destinations) {
            roll -= destination.weight();
            if (roll < 0) {
                return destination.cluster();
            }
        }
        throw new IllegalStateException("a roll below the sum of the weights is below one of their partial sums");
    }

    /** The hash for ring hash and Maglev, or 0 for none. */
    public long hash(ConnectionFacts facts) {
        return hashSourceAddress ? Hash.of(facts.source().getAddress().getHostAddress()) : 0;
    }
}
