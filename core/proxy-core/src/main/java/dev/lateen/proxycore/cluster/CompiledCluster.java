package dev.lateen.proxycore.cluster;

import com.google.protobuf.Struct;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.health.HealthCheck;
import dev.lateen.proxycore.listener.TransportSocket;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CustomClusterType;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.TcpKeepalive;
import io.envoyproxy.envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig;
import io.envoyproxy.envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as configured; compiled from {@code envoy.config.cluster.v3.Cluster}. Immutable. What lives with it (hosts,
 * counters, ejections) is {@link Hosts}, {@link CircuitBreaker} and {@link OutlierDetector}.
 *
 * @param name by which routes name it
 * @param statName by which statistics name it
 * @param discovery where its endpoints come from
 * @param connectTimeout how long one connection attempt may take
 * @param balance which host gets a request
 * @param balancing what holds for every balancer
 * @param thresholds limits by priority; see {@link #thresholds(Priority)}
 * @param http how HTTP is spoken
 * @param outlier when hosts are ejected, or null for never
 * @param health how hosts are asked whether they are well, or null for never
 * @param transport how bytes are wrapped, unless one of {@code transportMatches} fits the endpoint
 * @param transportMatches looked at in this order
 * @param bindAddress the local address of its connections, or null for any
 * @param keepalive TCP keep-alive, or null for the system's default
 * @param bufferLimit soft limit in bytes for what is buffered in each direction of a connection; 0 means the codecs' own
 * @param origin the configuration object behind it, or empty
 * @param metadata for those who show it
 */
public record CompiledCluster(
        String name,
        String statName,
        Discovery discovery,
        Duration connectTimeout,
        BalancePolicy balance,
        Balancing balancing,
        Map<Priority, Thresholds> thresholds,
        UpstreamHttp http,
        @Nullable OutlierConfig outlier,
        @Nullable HealthCheck health,
        TransportSocket transport,
        List<TransportMatch> transportMatches,
        @Nullable InetAddress bindAddress,
        @Nullable Keepalive keepalive,
        int bufferLimit,
        String origin,
        io.envoyproxy.envoy.config.core.v3.Metadata metadata) {
    private static final Duration DEFAULT_FETCH_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration HOST_TTL = Duration.ofMinutes(5);
    private static final int MAX_HOSTS = 1024;

    public CompiledCluster {
        thresholds = Map.copyOf(thresholds);
        transportMatches = List.copyOf(transportMatches);
    }

    /**
     * What holds for every balancer.
     *
     * @param panicThreshold when fewer percent of the hosts are healthy, health is ignored; 0 means never
     * @param localityWeighted whether localities share requests by their weights
     * @param hashHostnames whether ring hash and Maglev hash names of hosts instead of addresses
     */
    public record Balancing(double panicThreshold, boolean localityWeighted, boolean hashHostnames) {}

    /** A transport socket for endpoints with this metadata. */
    public record TransportMatch(String name, Struct match, TransportSocket transport) {}

    /**
     * TCP keep-alive; 0 means the system's default.
     *
     * @param probes without an answer until the connection is dead
     * @param time seconds of silence until the first probe
     * @param interval seconds between probes
     */
    public record Keepalive(int probes, int time, int interval) {}

    /** The limits of one priority. */
    public Thresholds thresholds(Priority priority) {
        return thresholds.getOrDefault(priority, Thresholds.DEFAULT);
    }

    /** How bytes to this endpoint are wrapped: the first match whose every field the endpoint's metadata has. */
    public TransportSocket transport(Endpoint endpoint) {
        for (int i = 0; i < transportMatches.size(); i++) { // each request asks
            TransportMatch candidate = transportMatches.get(i);
            if (endpoint.transportMatch()
                    .getFieldsMap()
                    .entrySet()
                    .containsAll(candidate.match().getFieldsMap().entrySet())) {
                return candidate.transport();
            }
        }
        return transport;
    }

    /** Compiles a cluster; the first thing that cannot be honoured refuses all of it. */
    @SuppressWarnings("deprecation") // control planes still send options of HTTP where they once were
    public static CompiledCluster of(Cluster proto) throws CompileException {
        Place top = Place.of("cluster", proto.getName());
        top.known(proto);
        for (var filter : proto.getFiltersList()) {
            if (!Extensions.isOfTelemetry(filter.getTypedConfig())) {
                throw top.field("filters")
                        .named(filter.getName())
                        .refuse("not supported: " + Extensions.typeName(filter.getTypedConfig()));
            }
        }
        if (proto.getName().isEmpty()) {
            throw top.field("name").refuse("a cluster needs a name");
        }
        return new CompiledCluster(
                proto.getName(),
                proto.getAltStatName().isEmpty() ? proto.getName() : proto.getAltStatName(),
                discovery(proto, top),
                proto.hasConnectTimeout()
                        ? top.field("connect_timeout").duration(proto.getConnectTimeout())
                        : Duration.ofSeconds(5),
                BalancePolicy.of(proto, top),
                balancing(proto.getCommonLbConfig()),
                Thresholds.of(proto.getCircuitBreakers(), top.field("circuit_breakers")),
                UpstreamHttp.of(proto, top),
                proto.hasOutlierDetection()
                        ? OutlierConfig.of(proto.getOutlierDetection(), top.field("outlier_detection"))
                        : null,
                health(proto, top),
                proto.hasTransportSocket()
                        ? TransportSocket.of(proto.getTransportSocket(), top.field("transport_socket"))
                        : new TransportSocket.Raw(),
                transportMatches(proto, top),
                bindAddress(proto, top.field("upstream_bind_config")),
                keepalive(proto, top.field("upstream_connection_options")),
                proto.hasPerConnectionBufferLimitBytes()
                        ? Math.max(1, top.number(proto.getPerConnectionBufferLimitBytes()))
                        : 0,
                Extensions.origin(proto.getMetadata()),
                proto.getMetadata());
    }

    private static @Nullable HealthCheck health(Cluster proto, Place top) throws CompileException {
        if (proto.getHealthChecksCount() > 1) {
            throw top.field("health_checks").refuse("at most one is supported");
        }
        return proto.getHealthChecksCount() == 0
                ? null
                : HealthCheck.of(proto.getHealthChecks(0), top.item("health_checks", 0));
    }

    private static Discovery discovery(Cluster proto, Place top) throws CompileException {
        Place at = top.field("load_assignment");
        if (proto.hasClusterType()) {
            return byRequest(proto.getClusterType(), top.field("cluster_type"));
        }
        return switch (proto.getType()) {
            case STATIC -> new Discovery.Static(EndpointSet.of(proto.getLoadAssignment(), at, false));
            case STRICT_DNS -> dns(proto, false, top);
            case LOGICAL_DNS -> dns(proto, true, top);
            case EDS -> {
                if (!proto.getEdsClusterConfig().getEdsConfig().hasAds()) {
                    throw top.field("eds_cluster_config").refuse("endpoints must come by ADS");
                }
                String service = proto.getEdsClusterConfig().getServiceName();
                ConfigSource source = proto.getEdsClusterConfig().getEdsConfig();
                yield new Discovery.Eds(
                        service.isEmpty() ? proto.getName() : service,
                        source.hasInitialFetchTimeout()
                                ? top.field("eds_cluster_config").duration(source.getInitialFetchTimeout())
                                : DEFAULT_FETCH_TIMEOUT);
            }
            case ORIGINAL_DST -> {
                var config = proto.getOriginalDstLbConfig();
                yield new Discovery.OriginalDestination(
                        config.hasUpstreamPortOverride() ? top.number(config.getUpstreamPortOverride()) : 0,
                        proto.hasCleanupInterval()
                                ? top.field("cleanup_interval").duration(proto.getCleanupInterval())
                                : Duration.ofSeconds(5));
            }
            case UNRECOGNIZED -> throw top.field("type").refuse("not a type: " + proto.getTypeValue());
        };
    }

    private static Discovery byRequest(CustomClusterType proto, Place at) throws CompileException {
        if (!proto.getTypedConfig().is(ClusterConfig.class)) {
            throw at.refuse("not supported: " + Extensions.typeName(proto.getTypedConfig()));
        }
        ClusterConfig config = at.unpack(proto.getTypedConfig(), ClusterConfig.class);
        DnsCacheConfig cache = config.getDnsCacheConfig();
        Place there = at.field("dns_cache_config");
        DnsLookup.of(cache, there);
        Duration ttl = cache.hasHostTtl() ? there.field("host_ttl").duration(cache.getHostTtl()) : HOST_TTL;
        int most = cache.hasMaxHosts() ? there.number(cache.getMaxHosts()) : MAX_HOSTS;
        if (ttl.isZero() || most == 0) {
            throw there.field(ttl.isZero() ? "host_ttl" : "max_hosts").refuse("must be more than zero");
        }
        return new Discovery.ByRequest(ttl, most);
    }

    @SuppressWarnings("deprecation") // the newer place, an extension of its own, is not sent by control planes yet
    private static Discovery dns(Cluster proto, boolean logical, Place top) throws CompileException {
        EndpointSet endpoints = EndpointSet.of(proto.getLoadAssignment(), top.field("load_assignment"), true);
        if (logical && endpoints.all().size() != 1) {
            throw top.field("load_assignment").refuse("LOGICAL_DNS takes exactly one endpoint");
        }
        Duration refresh = proto.hasDnsRefreshRate()
                ? top.field("dns_refresh_rate").duration(proto.getDnsRefreshRate())
                : Duration.ofSeconds(5);
        Duration failure = proto.hasDnsFailureRefreshRate()
                ? top.field("dns_failure_refresh_rate")
                        .duration(proto.getDnsFailureRefreshRate().getBaseInterval())
                : refresh;
        Discovery.DnsFamily family = DnsLookup.family(proto.getDnsLookupFamily(), top.field("dns_lookup_family"));
        return new Discovery.Dns(endpoints, logical, refresh, failure, family);
    }

    private static Balancing balancing(Cluster.CommonLbConfig proto) {
        var hashing = proto.getConsistentHashingLbConfig();
        return new Balancing(
                proto.hasHealthyPanicThreshold()
                        ? Math.clamp(proto.getHealthyPanicThreshold().getValue(), 0, 100)
                        : 50,
                proto.hasLocalityWeightedLbConfig(),
                hashing.getUseHostnameForHashing());
    }

    private static List<TransportMatch> transportMatches(Cluster proto, Place top) throws CompileException {
        List<TransportMatch> matches = new ArrayList<>();
        for (int i = 0; i < proto.getTransportSocketMatchesCount(); i++) {
            var match = proto.getTransportSocketMatches(i);
            Place at = top.item("transport_socket_matches", i).named(match.getName());
            matches.add(new TransportMatch(
                    match.getName(),
                    match.getMatch(),
                    TransportSocket.of(match.getTransportSocket(), at.field("transport_socket"))));
        }
        return matches;
    }

    private static @Nullable InetAddress bindAddress(Cluster proto, Place at) throws CompileException {
        if (!proto.hasUpstreamBindConfig()) {
            return null;
        }
        return proto.getUpstreamBindConfig().hasSourceAddress()
                ? at.field("source_address")
                        .literal(
                                proto.getUpstreamBindConfig().getSourceAddress().getAddress())
                : null;
    }

    private static @Nullable Keepalive keepalive(Cluster proto, Place at) throws CompileException {
        if (!proto.getUpstreamConnectionOptions().hasTcpKeepalive()) {
            return null;
        }
        TcpKeepalive keepalive = proto.getUpstreamConnectionOptions().getTcpKeepalive();
        return new Keepalive(
                at.number(keepalive.getKeepaliveProbes()),
                at.number(keepalive.getKeepaliveTime()),
                at.number(keepalive.getKeepaliveInterval()));
    }
}
