package dev.lateen.proxy.telemetry;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Endpoint;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.listener.MetricRules;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What one event loop counts. Everything but reading the tables happens on that loop: counting needs no lock and, once a
 * label set is known, no memory.
 */
public final class LoopTelemetry {
    private static final int CACHED = 10_000;
    private static final FormatContext NOTHING = FormatContext.of(null, null);

    private final SeriesBudget budget;
    private final Function<String, @Nullable LiveCluster> clusters;
    private final boolean hostFallback;
    private final PeerExchange peers;
    private final String principal;
    private final Workload own;
    private final String nodeId;
    private final Function<String, @Nullable String> environment;
    private final @Nullable SpanExporter exporter;
    private final RequestTap tap;
    private final Tracer tracer = new Tracer();
    private final TrafficLabels labels = new TrafficLabels();
    private final Map<TrafficLabels, RequestSeries> requests = new ConcurrentHashMap<>();
    private final Map<TrafficLabels, TcpSeries> connections = new ConcurrentHashMap<>();
    private final Map<String, HttpCounts> managers = new ConcurrentHashMap<>();
    private final Map<String, Named> services = new HashMap<>();
    private final Map<Host, Known> workloads = new HashMap<>();

    private record Known(Endpoint endpoint, Workload workload) {}

    /**
     * What metrics call a cluster's service.
     *
     * @param name empty where the cluster is no service's
     * @param inMesh whether its endpoints are the mesh's own
     */
    private record Named(CompiledCluster of, String host, String name, boolean inMesh) {}

    /**
     * @param clusters by name, as they are now
     * @param principal the identity of this workload
     * @param hostFallback whether a service that no cluster names is called as the client called it
     * @param environment variables of the workload's proxy, by name
     */
    LoopTelemetry(
            SeriesBudget budget,
            Function<String, @Nullable LiveCluster> clusters,
            boolean hostFallback,
            PeerExchange peers,
            String principal,
            Workload own,
            String nodeId,
            Function<String, @Nullable String> environment,
            @Nullable SpanExporter exporter,
            RequestTap tap) {
        this.tap = tap;
        this.budget = budget;
        this.clusters = clusters;
        this.hostFallback = hostFallback;
        this.peers = peers;
        this.principal = principal;
        this.own = own;
        this.nodeId = nodeId;
        this.environment = environment;
        this.exporter = exporter;
    }

    /** Who calls and who is called. */
    public PeerExchange peers() {
        return peers;
    }

    /** Those who look at requests as they end. */
    public RequestTap tap() {
        return tap;
    }

    /** Says to the other side of a request who calls, when that is of the mesh; else says nothing to it. */
    public void tell(Fields fields, LiveCluster cluster) {
        if (named(cluster.config()).inMesh()) {
            peers.tell(fields);
        } else {
            PeerExchange.remove(fields);
        }
    }

    /** Gives a request its place in its trace, in its head. */
    public RequestTrace place(HttpConnectionManager.Tracing tracing, RequestHead head, RandomGenerator random) {
        return tracer.place(tracing, head.fields(), random);
    }

    /** Begins to record a request at its place; null where it is not recorded. */
    public @Nullable RequestSpan record(
            RequestTrace place, HttpConnectionManager.Tracing tracing, RequestHead head, String protocol) {
        Collector collector = place.collector();
        return collector == null || exporter == null
                ? null
                : new RequestSpan(exporter, collector, place, own, nodeId, environment, head, protocol, tracing);
    }

    /**
     * Counts a request that is over.
     *
     * @param rules what is different in its metrics
     * @param stream what labels may be made of
     */
    public void ended(RequestFacts request, MetricRules rules, FormatContext stream) {
        if (!rules.countRequests()) {
            return;
        }
        labels.inbound = request.inbound();
        labels.protocol = request.grpc() ? TrafficLabels.Protocol.GRPC : TrafficLabels.Protocol.HTTP;
        labels.status = request.status();
        labels.flags = request.flags();
        labels.grpcStatus = request.grpcStatus();
        peer(request.peer(), request.host(), request.inbound());
        principals(request.certificate());
        service(request.cluster(), request.routeName(), request.authority());
        labels.rules = rules;
        labels.values = rules.values(stream);
        RequestSeries series = requestSeries();
        series.count(request.durationMillis(), request.requestBytes(), request.responseBytes());
        if (request.grpc()) {
            series.count(request.requestMessages(), request.responseMessages());
        }
    }

    /** What counts the requests of connection managers with this prefix of statistics. */
    public HttpCounts http(String statPrefix) {
        HttpCounts known = managers.get(statPrefix);
        return known == null ? managers.computeIfAbsent(statPrefix, _ -> new HttpCounts()) : known;
    }

    /**
     * Counts a request that could not be read: it has a status and nothing else.
     *
     * @param statPrefix of its connection manager
     */
    public void malformed(String statPrefix, boolean inbound, Fault fault) {
        http(statPrefix).malformed();
        labels.inbound = inbound;
        labels.protocol = TrafficLabels.Protocol.HTTP;
        labels.status = fault.status();
        ResponseFlag flag = fault.flag();
        labels.flags = flag == null ? 0 : flag.bit();
        labels.grpcStatus = "";
        labels.peer = Workload.UNKNOWN;
        principals(null);
        labels.serviceHost = "";
        labels.serviceName = "";
        plain();
        requestSeries().count(0, 0, 0);
    }

    private void plain() {
        labels.rules = MetricRules.NONE;
        labels.values = MetricRules.NONE.values(NOTHING);
    }

    /** Counts a connection that ended before anything could be done about it, as opened; its end is told to what this returns. */
    public TcpSeries refused(boolean inbound, long flags) {
        return opened(inbound, null, "", null, flags, MetricRules.NONE, NOTHING);
    }

    /**
     * Counts a connection that is only passed on as opened; its bytes and its end are told to what this returns.
     *
     * @param rules what is different in its metrics
     * @param stream what labels may be made of
     */
    public TcpSeries opened(
            boolean inbound,
            @Nullable PeerCertificate certificate,
            String cluster,
            @Nullable Host host,
            long flags,
            MetricRules rules,
            FormatContext stream) {
        labels.inbound = inbound;
        labels.protocol = TrafficLabels.Protocol.TCP;
        labels.status = 0;
        labels.flags = flags;
        labels.grpcStatus = "";
        peer(null, host, inbound);
        principals(certificate);
        service(cluster, "", "");
        labels.rules = rules;
        labels.values = rules.values(stream);
        TcpSeries series = connectionSeries();
        series.opened();
        return series;
    }

    private void peer(@Nullable Workload told, @Nullable Host host, boolean inbound) {
        if (told != null && !told.equals(Workload.UNKNOWN)) {
            labels.peer = told;
        } else if (host == null || inbound) {
            labels.peer = Workload.UNKNOWN;
        } else {
            labels.peer = workload(host);
        }
    }

    /** Who has proven to be who, on the receiving side: the caller's certificate was verified against this one's. */
    private void principals(@Nullable PeerCertificate certificate) {
        labels.peerPrincipal = "";
        labels.ownPrincipal = "";
        if (labels.inbound && certificate != null && !certificate.uris().isEmpty()) {
            labels.peerPrincipal = certificate.uris().getFirst();
            labels.ownPrincipal = principal;
        }
    }

    @SuppressWarnings("ReferenceEquality") // what has not changed is the same object
    private Workload workload(Host host) {
        Endpoint endpoint = host.endpoint();
        Known known = workloads.get(host);
        if (known == null || known.endpoint() != endpoint) {
            if (workloads.size() >= CACHED) {
                workloads.clear();
            }
            known = new Known(endpoint, Workload.of(endpoint));
            workloads.put(host, known);
        }
        return known.workload();
    }

    private void service(String cluster, String route, String authority) {
        LiveCluster live = cluster.isEmpty() ? null : clusters.apply(cluster);
        Named named = live == null ? null : named(live.config());
        labels.serviceHost = hostFallback ? authority : "";
        labels.serviceName = labels.serviceHost;
        if (route.equals("block_all")) {
            labels.serviceName = "BlackHoleCluster";
        } else if (route.equals("allow_any")) {
            labels.serviceName = "PassthroughCluster";
        } else if (named != null && !named.name().isEmpty()) {
            labels.serviceHost = named.host().isEmpty() ? labels.serviceHost : named.host();
            labels.serviceName = named.name();
        }
    }

    @SuppressWarnings("ReferenceEquality") // as above
    private Named named(CompiledCluster cluster) {
        Named known = services.get(cluster.name());
        if (known != null && known.of() == cluster) {
            return known;
        }
        if (services.size() >= CACHED) {
            services.clear();
        }
        Named named = name(cluster);
        services.put(cluster.name(), named);
        return named;
    }

    private static Named name(CompiledCluster cluster) {
        switch (cluster.name()) {
            case "BlackHoleCluster", "PassthroughCluster", "InboundPassthroughCluster" -> {
                return new Named(cluster, "", cluster.name(), false);
            }
            default -> {}
        }
        Struct istio = cluster.metadata().getFilterMetadataOrDefault("istio", Struct.getDefaultInstance());
        boolean inMesh = istio.containsFields("services")
                && !istio.getFieldsOrDefault("external", Value.getDefaultInstance())
                        .getBoolValue();
        var services =
                istio.getFieldsOrDefault("services", Value.getDefaultInstance()).getListValue();
        if (services.getValuesCount() == 0) {
            return new Named(cluster, "", "", inMesh);
        }
        Struct service = services.getValues(0).getStructValue();
        String host =
                service.getFieldsOrDefault("host", Value.getDefaultInstance()).getStringValue();
        String name =
                service.getFieldsOrDefault("name", Value.getDefaultInstance()).getStringValue();
        if (name.isEmpty()) {
            int dot = host.indexOf('.');
            name = dot < 0 ? host : host.substring(0, dot);
        }
        return new Named(cluster, host, name, inMesh);
    }

    private RequestSeries requestSeries() {
        RequestSeries known = requests.get(labels);
        if (known != null) {
            return known;
        }
        return switch (budget.admit(labels)) {
            case WHOLE -> put(requests, new RequestSeries());
            case COUNTED -> {
                TrafficLabels these = labels.copy();
                RequestSeries counted = new RequestSeries(otherRequests());
                requests.put(these, counted);
                yield counted;
            }
            case OTHER -> otherRequests();
        };
    }

    private RequestSeries otherRequests() {
        labels.fold();
        RequestSeries known = requests.get(labels);
        return known == null ? put(requests, new RequestSeries()) : known;
    }

    private TcpSeries connectionSeries() {
        TcpSeries known = connections.get(labels);
        if (known != null) {
            return known;
        }
        if (budget.admit(labels) == SeriesBudget.Kept.OTHER) {
            labels.fold();
            known = connections.get(labels);
        }
        return known == null ? put(connections, new TcpSeries()) : known;
    }

    private <S> S put(Map<TrafficLabels, S> table, S made) {
        table.put(labels.copy(), made);
        return made;
    }

    Map<String, HttpCounts> managers() {
        return managers;
    }

    Map<TrafficLabels, RequestSeries> requests() {
        return requests;
    }

    Map<TrafficLabels, TcpSeries> connections() {
        return connections;
    }
}
