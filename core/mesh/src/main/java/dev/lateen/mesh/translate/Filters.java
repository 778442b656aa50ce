package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.any;

import com.github.udpa.udpa.type.v1.TypedStruct;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import dev.lateen.config.GatewayTopology;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.config.networking.LoadBalancer;
import dev.lateen.config.networking.LoadBalancer.ConsistentHash;
import dev.lateen.config.networking.TrafficPolicy.Tunnel;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.rules.Policies;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.original_dst.v3.OriginalDst;
import io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.RequestIDExtension;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster;
import io.envoyproxy.envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig;
import io.envoyproxy.envoy.type.v3.HashPolicy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Filters of listeners, with the mesh's settings in them. */
final class Filters {
    static final ListenerFilter ORIGINAL_DESTINATION =
            listenerFilter("envoy.filters.listener.original_dst", OriginalDst.getDefaultInstance());
    static final ListenerFilter PROXY_PROTOCOL =
            listenerFilter("envoy.filters.listener.proxy_protocol", ProxyProtocol.getDefaultInstance());
    static final ListenerFilter TLS_INSPECTOR =
            listenerFilter("envoy.filters.listener.tls_inspector", TlsInspector.getDefaultInstance());
    static final ListenerFilter HTTP_INSPECTOR =
            listenerFilter("envoy.filters.listener.http_inspector", HttpInspector.getDefaultInstance());

    /** What the HTTP inspector finds in the clear. */
    static final List<String> HTTP_PROTOCOLS = List.of("http/1.1", "h2c");

    /** Where what the caller's certificate says is told on. */
    private static final Set<ForwardClientCertDetails> FORWARDING_OWN =
            Set.of(ForwardClientCertDetails.APPEND_FORWARD, ForwardClientCertDetails.SANITIZE_SET);

    /** Each request that nobody has decided about is drawn for itself, whatever its id. */
    private static final RequestIDExtension DRAWN = RequestIDExtension.newBuilder()
            .setTypedConfig(any(UuidRequestIdConfig.newBuilder()
                    .setUseRequestIdForTraceSampling(Messages.FALSE)
                    .build()))
            .build();

    private static final String SERVER = "istio-envoy";
    private static final String STATS = "istio.stats";

    /** Whose traffic a connection manager reads. */
    enum Side {
        OUTBOUND,
        INBOUND,
        GATEWAY
    }

    private final TelemetrySettings telemetry;
    private final boolean knowsIstio;
    private final MeshConfig.Normalization normalization;
    private final List<HttpFilter> guards;
    private final boolean looksUp;
    private final GatewayTopology topology;

    /** Of a side of a workload, with filters that every request passes before all others. */
    Filters(Snapshot snapshot, ProxyNode node, WorkloadMode side, List<HttpFilter> guards, boolean looksUp) {
        this(
                snapshot,
                TelemetrySettings.of(snapshot, node.namespace(), Translation.labels(snapshot, node), side),
                node.knowsIstio(),
                guards,
                looksUp,
                topology(snapshot, node));
    }

    /**
     * Of a sidecar's callers.
     *
     * @param knowsIstio whether the proxy has the filters of Istio's build of Envoy
     * @param looksUp whether names are looked up for requests
     */
    Filters(
            Snapshot snapshot,
            TelemetrySettings telemetry,
            boolean knowsIstio,
            List<HttpFilter> guards,
            boolean looksUp) {
        this(snapshot, telemetry, knowsIstio, guards, looksUp, GatewayTopology.NONE);
    }

    private Filters(
            Snapshot snapshot,
            TelemetrySettings telemetry,
            boolean knowsIstio,
            List<HttpFilter> guards,
            boolean looksUp,
            GatewayTopology topology) {
        this.telemetry = telemetry;
        this.knowsIstio = knowsIstio;
        this.guards = List.copyOf(guards);
        this.looksUp = looksUp;
        this.normalization = snapshot.mesh().effectiveNormalization();
        this.topology = topology;
    }

    /** What stands in front of a gateway: what its own settings say, else the mesh's. */
    static GatewayTopology topology(Snapshot snapshot, ProxyNode node) {
        return node.topology() == null ? snapshot.mesh().gatewayTopology() : node.topology();
    }

    /** HTTP, with routes that come by name. */
    Filter http(String statPrefix, Side side, String routes) {
        return http(base(statPrefix, side)
                .setRds(Rds.newBuilder().setConfigSource(Messages.ADS).setRouteConfigName(routes)));
    }

    /** HTTP, with these routes. */
    Filter http(String statPrefix, Side side, RouteConfiguration routes) {
        return http(base(statPrefix, side).setRouteConfig(routes));
    }

    private static Filter http(HttpConnectionManager.Builder manager) {
        return filter("envoy.filters.network.http_connection_manager", manager.build());
    }

    private HttpConnectionManager.Builder base(String statPrefix, Side side) {
        HttpConnectionManager.Builder manager = HttpConnectionManager.newBuilder()
                .setCodecType(CodecType.AUTO)
                .setStatPrefix(statPrefix)
                .addAllHttpFilters(guards)
                .addHttpFilters(httpFilter(RouteFilters.FAULT, HTTPFault.getDefaultInstance()))
                .addHttpFilters(httpFilter(RouteFilters.CORS, Cors.getDefaultInstance()))
                .addAllHttpFilters(metrics())
                .addAllHttpFilters(looksUp ? List.of(DynamicDns.requests()) : List.of())
                .addHttpFilters(httpFilter("envoy.filters.http.router", Router.getDefaultInstance()))
                .setUseRemoteAddress(side == Side.GATEWAY ? Messages.TRUE : Messages.FALSE)
                .setGenerateRequestId(Messages.TRUE)
                .setProxy100Continue(true)
                .setHttpProtocolOptions(Messages.HTTP1)
                .setStreamIdleTimeout(Messages.ZERO)
                .addUpgradeConfigs(UpgradeConfig.newBuilder().setUpgradeType("websocket"))
                .addAllAccessLog(telemetry.accessLogs());
        normalize(manager);
        // As DNS writes a full name: the same host, for routes and for rules of access.
        manager.setStripTrailingHostDot(true);
        if (telemetry.tracing() != null) {
            manager.setTracing(telemetry.tracing());
            if (!telemetry.samplesById()) {
                manager.setRequestIdExtension(DRAWN);
            }
        }
        switch (side) {
            case OUTBOUND -> {}
            case INBOUND ->
                manager.setServerName(SERVER)
                        .setServerHeaderTransformation(ServerHeaderTransformation.PASS_THROUGH)
                        .setForwardClientCertDetails(ForwardClientCertDetails.APPEND_FORWARD)
                        .setSetCurrentClientCertDetails(currentCertificate().setDns(true));
            case GATEWAY -> {
                manager.setServerName(SERVER)
                        .setXffNumTrustedHops(topology.numTrustedProxies())
                        .setForwardClientCertDetails(forwarding());
                if (FORWARDING_OWN.contains(manager.getForwardClientCertDetails())) {
                    manager.setSetCurrentClientCertDetails(
                            currentCertificate().setDns(true).setCert(true));
                }
            }
        }
        return manager;
    }

    private ForwardClientCertDetails forwarding() {
        return switch (topology.effectiveForwarding()) {
            case SANITIZE -> ForwardClientCertDetails.SANITIZE;
            case FORWARD_ONLY -> ForwardClientCertDetails.FORWARD_ONLY;
            case APPEND_FORWARD -> ForwardClientCertDetails.APPEND_FORWARD;
            case UNDEFINED, SANITIZE_SET -> ForwardClientCertDetails.SANITIZE_SET;
            case ALWAYS_FORWARD_ONLY -> ForwardClientCertDetails.ALWAYS_FORWARD_ONLY;
        };
    }

    private void normalize(HttpConnectionManager.Builder manager) {
        switch (normalization) {
            case NONE -> manager.setNormalizePath(Messages.FALSE);
            case DEFAULT, BASE -> manager.setNormalizePath(Messages.TRUE);
            case MERGE_SLASHES -> manager.setNormalizePath(Messages.TRUE).setMergeSlashes(true);
            case DECODE_AND_MERGE_SLASHES ->
                manager.setNormalizePath(Messages.TRUE)
                        .setMergeSlashes(true)
                        .setPathWithEscapedSlashesAction(PathWithEscapedSlashesAction.UNESCAPE_AND_FORWARD);
        }
    }

    private static SetCurrentClientCertDetails.Builder currentCertificate() {
        return SetCurrentClientCertDetails.newBuilder()
                .setSubject(Messages.TRUE)
                .setUri(true);
    }

    /** What is different in Istio's metrics: for a stock Envoy, which has none of them, nothing. */
    private List<HttpFilter> metrics() {
        Struct changes = telemetry.metrics();
        return changes == null || !knowsIstio
                ? List.of()
                : List.of(httpFilter(
                        STATS,
                        TypedStruct.newBuilder()
                                .setTypeUrl(MetricChanges.TYPE)
                                .setValue(changes)
                                .build()));
    }

    /** The same for connections that are only passed on, in every chain of these listeners that passes them on. */
    Map<String, Listener> withConnectionMetrics(Map<String, Listener> listeners) {
        if (metrics().isEmpty()) {
            return listeners;
        }
        Filter stats = Filter.newBuilder()
                .setName(STATS)
                .setTypedConfig(metrics().getFirst().getTypedConfig())
                .build();
        Map<String, Listener> changed = new LinkedHashMap<>();
        listeners.forEach((name, listener) -> changed.put(name, withConnectionMetrics(listener, stats)));
        return changed;
    }

    private static Listener withConnectionMetrics(Listener listener, Filter stats) {
        Listener.Builder changed = listener.toBuilder();
        changed.getFilterChainsBuilderList().forEach(chain -> insert(chain, stats));
        if (changed.hasDefaultFilterChain()) {
            insert(changed.getDefaultFilterChainBuilder(), stats);
        }
        return changed.build();
    }

    private static void insert(FilterChain.Builder chain, Filter stats) {
        int last = chain.getFiltersCount() - 1;
        if (last >= 0 && chain.getFilters(last).getTypedConfig().is(TcpProxy.class)) {
            chain.addFilters(last, stats);
        }
    }

    /** Bytes, to one cluster. */
    Filter tcp(String cluster) {
        return tcp(TcpProxy.newBuilder().setStatPrefix(cluster).setCluster(cluster));
    }

    /** Bytes, to one cluster, as rules say. */
    Filter tcp(String cluster, Policies policies) {
        return tcp(ruled(TcpProxy.newBuilder().setStatPrefix(cluster).setCluster(cluster), policies));
    }

    /** Bytes, shared out among clusters, as rules say. */
    Filter tcp(String statPrefix, WeightedCluster clusters, Policies policies) {
        return tcp(ruled(TcpProxy.newBuilder().setStatPrefix(statPrefix).setWeightedClusters(clusters), policies));
    }

    private static TcpProxy.Builder ruled(TcpProxy.Builder proxy, Policies policies) {
        ConnectionPool pool = policies.connectionPool();
        if (pool != null && pool.tcp() != null && pool.tcp().idleTimeout() != null) {
            proxy.setIdleTimeout(Messages.duration(pool.tcp().idleTimeout()));
        }
        Tunnel tunnel = policies.tunnel();
        if (tunnel != null) {
            proxy.setTunnelingConfig(
                    TunnelingConfig.newBuilder().setHostname(authority(tunnel)).setUsePost(tunnel.byPost()));
        }
        ConsistentHash hash = policies.hash();
        if (hash != null && hash.key() instanceof LoadBalancer.HashKey.SourceIp) {
            proxy.addHashPolicy(HashPolicy.newBuilder().setSourceIp(HashPolicy.SourceIp.getDefaultInstance()));
        }
        return proxy;
    }

    private static String authority(Tunnel tunnel) {
        String host = tunnel.targetHost();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + tunnel.targetPort();
    }

    private Filter tcp(TcpProxy.Builder proxy) {
        return filter(
                "envoy.filters.network.tcp_proxy",
                proxy.addAllAccessLog(telemetry.accessLogs()).build());
    }

    private static Filter filter(String name, Message config) {
        return Filter.newBuilder().setName(name).setTypedConfig(any(config)).build();
    }

    private static HttpFilter httpFilter(String name, Message config) {
        return HttpFilter.newBuilder().setName(name).setTypedConfig(any(config)).build();
    }

    private static ListenerFilter listenerFilter(String name, Message config) {
        return ListenerFilter.newBuilder()
                .setName(name)
                .setTypedConfig(any(config))
                .build();
    }
}
