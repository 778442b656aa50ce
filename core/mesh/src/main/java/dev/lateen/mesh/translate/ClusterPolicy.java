package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.any;
import static dev.lateen.mesh.translate.Messages.duration;
import static dev.lateen.mesh.translate.Messages.number;

import com.google.protobuf.UInt64Value;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.config.networking.ConnectionPool.H2UpgradePolicy;
import dev.lateen.config.networking.LoadBalancer;
import dev.lateen.config.networking.LoadBalancer.HashTable;
import dev.lateen.config.networking.LoadBalancer.Policy;
import dev.lateen.config.networking.LoadBalancer.Warmup;
import dev.lateen.config.networking.OutlierDetection;
import dev.lateen.config.networking.TrafficPolicy.RetryBudget;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.Policies;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LeastRequestLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.MaglevLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RingHashLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RoundRobinLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.SlowStartConfig;
import io.envoyproxy.envoy.config.cluster.v3.UpstreamConnectionOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.RuntimeDouble;
import io.envoyproxy.envoy.config.core.v3.TcpKeepalive;
import io.envoyproxy.envoy.type.v3.Percent;
import org.jspecify.annotations.Nullable;

/** Writes a traffic policy into a cluster. */
final class ClusterPolicy {
    /** Key of the HTTP options of a cluster. */
    static final String HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private static final long DEFAULT_RING = 1024;

    /** No bound: 2³² − 1. */
    private static final int UNBOUNDED = -1;

    /** What is spoken to the cluster's endpoints. */
    enum Upstream {
        /** Bytes, or HTTP/1.1. */
        PLAIN,
        HTTP2,
        /** The version of HTTP that the caller speaks. */
        AS_DOWNSTREAM;

        /** What callers of a port speak to its endpoints. */
        static Upstream of(Protocol protocol, @Nullable ConnectionPool pool) {
            ConnectionPool.Http http = pool == null ? null : pool.http();
            return http != null && http.h2UpgradePolicy() == H2UpgradePolicy.UPGRADE
                    ? HTTP2
                    : ofWorkload(protocol, pool);
        }

        /** What a proxy speaks to its own workload, which no upgrade between proxies concerns. */
        static Upstream ofWorkload(Protocol protocol, @Nullable ConnectionPool pool) {
            ConnectionPool.Http http = pool == null ? null : pool.http();
            if (protocol == Protocol.UNKNOWN || (http != null && http.useClientProtocol())) {
                return AS_DOWNSTREAM;
            }
            return protocol.isHttp2() ? HTTP2 : PLAIN;
        }
    }

    private ClusterPolicy() {}

    /** Writes all of the policy. */
    static void apply(Cluster.Builder cluster, Policies policies, Upstream upstream, MeshConfig mesh) {
        applyPool(cluster, policies.connectionPool(), policies.retryBudget(), upstream, mesh);
        applyOutlierDetection(cluster, policies.outlierDetection());
        applyLoadBalancer(cluster, policies.loadBalancer());
    }

    /** Writes the bounds only, as an inbound cluster has them. */
    static void applyPool(
            Cluster.Builder cluster,
            @Nullable ConnectionPool pool,
            @Nullable RetryBudget budget,
            Upstream upstream,
            MeshConfig mesh) {
        ConnectionPool.Tcp tcp = pool == null ? null : pool.tcp();
        ConnectionPool.Http http = pool == null ? null : pool.http();
        cluster.setConnectTimeout(duration(
                tcp == null || tcp.connectTimeout() == null ? mesh.effectiveConnectTimeout() : tcp.connectTimeout()));
        Thresholds.Builder bounds = Thresholds.newBuilder()
                .setMaxConnections(number(bound(tcp == null ? 0 : tcp.maxConnections())))
                .setMaxPendingRequests(number(bound(http == null ? 0 : http.http1MaxPendingRequests())))
                .setMaxRequests(number(bound(http == null ? 0 : http.http2MaxRequests())))
                .setMaxRetries(number(bound(http == null ? 0 : http.maxRetries())));
        if (budget != null) {
            bounds.setRetryBudget(budget(budget));
        }
        cluster.setCircuitBreakers(CircuitBreakers.newBuilder().addThresholds(bounds));
        ConnectionPool.Keepalive keepalive =
                tcp == null || tcp.tcpKeepalive() == null ? mesh.tcpKeepalive() : tcp.tcpKeepalive();
        if (keepalive != null) {
            cluster.setUpstreamConnectionOptions(
                    UpstreamConnectionOptions.newBuilder().setTcpKeepalive(keepalive(keepalive)));
        }
        applyHttp(cluster, tcp, http, upstream);
    }

    private static Thresholds.RetryBudget budget(RetryBudget budget) {
        Thresholds.RetryBudget.Builder out = Thresholds.RetryBudget.newBuilder();
        if (budget.percent() != null) {
            out.setBudgetPercent(Percent.newBuilder().setValue(budget.percent()));
        }
        if (budget.minRetryConcurrency() > 0) {
            out.setMinRetryConcurrency(number(budget.minRetryConcurrency()));
        }
        return out.build();
    }

    private static int bound(int value) {
        return value == 0 ? UNBOUNDED : value;
    }

    private static TcpKeepalive keepalive(ConnectionPool.Keepalive keepalive) {
        TcpKeepalive.Builder out = TcpKeepalive.newBuilder();
        if (keepalive.probes() > 0) {
            out.setKeepaliveProbes(number(keepalive.probes()));
        }
        if (keepalive.time() != null) {
            out.setKeepaliveTime(number((int) keepalive.time().toSeconds()));
        }
        if (keepalive.interval() != null) {
            out.setKeepaliveInterval(number((int) keepalive.interval().toSeconds()));
        }
        return out.build();
    }

    private static void applyHttp(
            Cluster.Builder cluster,
            ConnectionPool.@Nullable Tcp tcp,
            ConnectionPool.@Nullable Http http,
            Upstream upstream) {
        HttpProtocolOptions.Builder common = HttpProtocolOptions.newBuilder();
        if (http != null && http.maxRequestsPerConnection() > 0) {
            common.setMaxRequestsPerConnection(number(http.maxRequestsPerConnection()));
        }
        if (http != null && http.idleTimeout() != null) {
            common.setIdleTimeout(duration(http.idleTimeout()));
        } else if (tcp != null && tcp.idleTimeout() != null) {
            common.setIdleTimeout(duration(tcp.idleTimeout()));
        }
        if (tcp != null && tcp.maxConnectionDuration() != null) {
            common.setMaxConnectionDuration(duration(tcp.maxConnectionDuration()));
        }
        Http2ProtocolOptions http2 = http == null ? Http2ProtocolOptions.getDefaultInstance() : http2(http);
        boolean plain = common.build().equals(HttpProtocolOptions.getDefaultInstance());
        var options = io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.newBuilder();
        switch (upstream) {
            case PLAIN -> options.getExplicitHttpConfigBuilder().setHttpProtocolOptions(Messages.UPSTREAM_HTTP1);
            case HTTP2 -> options.getExplicitHttpConfigBuilder().setHttp2ProtocolOptions(http2);
            case AS_DOWNSTREAM ->
                options.getUseDownstreamProtocolConfigBuilder()
                        .setHttpProtocolOptions(Messages.UPSTREAM_HTTP1)
                        .setHttp2ProtocolOptions(http2);
        }
        if (!plain) {
            options.setCommonHttpProtocolOptions(common);
        }
        cluster.putTypedExtensionProtocolOptions(HTTP_OPTIONS, any(options.build()));
    }

    private static Http2ProtocolOptions http2(ConnectionPool.Http http) {
        Http2ProtocolOptions.Builder out = Http2ProtocolOptions.newBuilder();
        if (http.maxConcurrentStreams() > 0) {
            out.setMaxConcurrentStreams(number(http.maxConcurrentStreams()));
        }
        ConnectionPool.Http2Keepalive keepalive = http.http2KeepAlive();
        if (keepalive != null) {
            out.getConnectionKeepaliveBuilder()
                    .setInterval(duration(keepalive.interval()))
                    .setTimeout(duration(keepalive.timeout()));
        }
        return out.build();
    }

    private static void applyOutlierDetection(Cluster.Builder cluster, @Nullable OutlierDetection detection) {
        if (detection == null) {
            panic(cluster, 0);
            return;
        }
        var out = io.envoyproxy.envoy.config.cluster.v3.OutlierDetection.newBuilder()
                .setEnforcingSuccessRate(number(0));
        Integer fiveHundreds = detection.consecutive5xxErrors();
        if (fiveHundreds != null) {
            out.setConsecutive5Xx(number(fiveHundreds)).setEnforcingConsecutive5Xx(number(fiveHundreds > 0 ? 100 : 0));
        }
        Integer gateway = detection.consecutiveGatewayErrors();
        if (gateway == null && fiveHundreds == null && detection.consecutiveErrors() > 0) {
            gateway = detection.consecutiveErrors();
        }
        if (gateway != null) {
            out.setConsecutiveGatewayFailure(number(gateway))
                    .setEnforcingConsecutiveGatewayFailure(number(gateway > 0 ? 100 : 0));
        }
        if (detection.interval() != null) {
            out.setInterval(duration(detection.interval()));
        }
        if (detection.baseEjectionTime() != null) {
            out.setBaseEjectionTime(duration(detection.baseEjectionTime()));
        }
        if (detection.maxEjectionPercent() > 0) {
            out.setMaxEjectionPercent(number(detection.maxEjectionPercent()));
        }
        if (detection.splitExternalLocalOriginErrors()) {
            out.setSplitExternalLocalOriginErrors(true).setEnforcingLocalOriginSuccessRate(number(0));
            Integer local = detection.consecutiveLocalOriginFailures();
            if (local != null && local > 0) {
                out.setConsecutiveLocalOriginFailure(number(local))
                        .setEnforcingConsecutiveLocalOriginFailure(number(100));
            }
        }
        cluster.setOutlierDetection(out);
        panic(cluster, detection.minHealthPercent());
    }

    /** The share of healthy endpoints below which all are used again; without it proxies take half. */
    private static void panic(Cluster.Builder cluster, int percent) {
        cluster.getCommonLbConfigBuilder()
                .setHealthyPanicThreshold(Percent.newBuilder().setValue(percent));
    }

    private static void applyLoadBalancer(Cluster.Builder cluster, @Nullable LoadBalancer balancer) {
        if (cluster.getType() == Cluster.DiscoveryType.ORIGINAL_DST || cluster.hasClusterType()) {
            cluster.setLbPolicy(LbPolicy.CLUSTER_PROVIDED);
            return;
        }
        Warmup warmup = balancer == null ? null : balancer.effectiveWarmup();
        switch (balancer == null ? null : balancer.policy()) {
            case null -> leastRequest(cluster, warmup);
            case Policy.Simple(var algorithm) -> simple(cluster, algorithm, warmup);
            case Policy.Hashed(var hash) -> hashed(cluster, hash);
        }
    }

    private static void leastRequest(Cluster.Builder cluster, @Nullable Warmup warmup) {
        cluster.setLbPolicy(LbPolicy.LEAST_REQUEST);
        if (warmup != null) {
            cluster.setLeastRequestLbConfig(LeastRequestLbConfig.newBuilder().setSlowStartConfig(slowStart(warmup)));
        }
    }

    private static void roundRobin(Cluster.Builder cluster, @Nullable Warmup warmup) {
        cluster.setLbPolicy(LbPolicy.ROUND_ROBIN);
        if (warmup != null) {
            cluster.setRoundRobinLbConfig(RoundRobinLbConfig.newBuilder().setSlowStartConfig(slowStart(warmup)));
        }
    }

    private static SlowStartConfig slowStart(Warmup warmup) {
        SlowStartConfig.Builder out = SlowStartConfig.newBuilder().setSlowStartWindow(duration(warmup.duration()));
        if (warmup.minimumPercent() != null) {
            out.setMinWeightPercent(Percent.newBuilder().setValue(warmup.minimumPercent()));
        }
        if (warmup.aggression() != null) {
            // Envoy asks for a key under which its operators could override the number; Istio's name for it.
            out.setAggression(RuntimeDouble.newBuilder()
                    .setDefaultValue(warmup.aggression())
                    .setRuntimeKey("("));
        }
        return out.build();
    }

    private static void simple(Cluster.Builder cluster, LoadBalancer.Algorithm algorithm, @Nullable Warmup warmup) {
        switch (algorithm) {
            case RANDOM -> cluster.setLbPolicy(LbPolicy.RANDOM);
            case ROUND_ROBIN -> roundRobin(cluster, warmup);
            case PASSTHROUGH ->
                cluster.setType(Cluster.DiscoveryType.ORIGINAL_DST)
                        .setLbPolicy(LbPolicy.CLUSTER_PROVIDED)
                        .clearLoadAssignment()
                        .clearEdsClusterConfig();
            case UNSPECIFIED, LEAST_CONN, LEAST_REQUEST -> leastRequest(cluster, warmup);
        }
    }

    private static void hashed(Cluster.Builder cluster, LoadBalancer.ConsistentHash hash) {
        switch (hash.table()) {
            case HashTable.Table(var maglev) -> {
                cluster.setLbPolicy(LbPolicy.MAGLEV);
                if (maglev.tableSize() > 0) {
                    cluster.setMaglevLbConfig(
                            MaglevLbConfig.newBuilder().setTableSize(UInt64Value.of(maglev.tableSize())));
                }
            }
            case HashTable.Ring(var ring) -> ring(cluster, ring.minimumRingSize());
            case null -> ring(cluster, hash.minimumRingSize());
        }
    }

    private static void ring(Cluster.Builder cluster, long size) {
        cluster.setLbPolicy(LbPolicy.RING_HASH)
                .setRingHashLbConfig(RingHashLbConfig.newBuilder()
                        .setMinimumRingSize(UInt64Value.of(size == 0 ? DEFAULT_RING : size)));
    }
}
