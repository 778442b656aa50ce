package dev.lateen.proxy.telemetry;

import com.google.protobuf.Struct;
import dev.lateen.proxycore.balance.LiveCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What one proxy tells of its traffic. Each event loop counts for itself; pages add up. Thread-safe. */
public final class Telemetry {
    /**
     * Series that one proxy tells of. Requests with the same labels are 67 of them (69 of gRPC), connections 4; the page of that many
     * has some 10 MB.
     */
    public static final int SERIES = 10_000;

    private final Supplier<Map<String, LiveCluster>> clusters;
    private final BooleanSupplier connected;
    private final boolean hostFallback;
    private final Struct node;
    private final String nodeId;
    private final String principal;
    private final Workload own;
    private final Map<String, String> variables;
    private final @Nullable SpanExporter exporter;
    private final @Nullable LogExporter logs;
    private final SeriesBudget budget;
    private final RequestTap tap = new RequestTap();
    /** Of the last page. */
    private int length = 64 * 1024;

    private final List<LoopTelemetry> loops = new CopyOnWriteArrayList<>();

    /**
     * @param node metadata of the proxy's node, in Istio's names
     * @param nodeId the node's id
     * @param principal the identity of this workload, a URI, where it has one
     * @param clusters as they are now
     * @param connected whether the control plane's stream works
     * @param hostFallback whether a service that no cluster names is called as the client called it: at a gateway
     *     anybody could make up names
     * @param series see {@link #SERIES}
     * @param exporter takes recorded spans; null: none are recorded
     * @param logs says on the page what became of entries of access logs; null: there are none
     */
    public Telemetry(
            Struct node,
            String nodeId,
            String principal,
            Supplier<Map<String, LiveCluster>> clusters,
            BooleanSupplier connected,
            boolean hostFallback,
            int series,
            @Nullable SpanExporter exporter,
            @Nullable LogExporter logs) {
        this.node = PeerExchange.told(node);
        this.nodeId = nodeId;
        this.principal = principal;
        this.clusters = clusters;
        this.connected = connected;
        this.hostFallback = hostFallback;
        own = Workload.of(node);
        variables = WorkloadVariables.of(node);
        this.exporter = exporter;
        this.logs = logs;
        budget = new SeriesBudget(series);
    }

    /** What one more event loop counts with. */
    public LoopTelemetry loop() {
        Function<String, @Nullable LiveCluster> byName = name -> clusters.get().get(name);
        LoopTelemetry loop = new LoopTelemetry(
                budget,
                byName,
                hostFallback,
                new PeerExchange(node, nodeId),
                principal,
                own,
                nodeId,
                this::variable,
                exporter,
                tap);
        loops.add(loop);
        return loop;
    }

    private @Nullable String variable(String name) {
        String known = variables.get(name);
        return known == null ? System.getenv(name) : known;
    }

    /** Shows requests as they end. */
    public RequestTap tap() {
        return tap;
    }

    /** Figures of clusters, of requests and of the process under Envoy's names, in no order. */
    public List<Statistic> statistics() {
        List<Statistic> all = new ArrayList<>();
        ClusterStatistics.list(all, clusters.get().values());
        Map<String, long[]> managers = new TreeMap<>();
        for (LoopTelemetry loop : loops) {
            loop.managers()
                    .forEach((prefix, counts) ->
                            counts.addTo(managers.computeIfAbsent(prefix, _ -> new long[HttpCounts.FIGURES])));
        }
        managers.forEach((prefix, total) -> HttpCounts.list(all, prefix, total));
        return all;
    }

    /**
     * A page of metrics (Prometheus, "Text-based format", version 0.0.4): Istio's of the traffic, Envoy's of clusters. More
     * may be appended. One is made at a time, whoever asks: a page may be large.
     */
    public synchronized StringBuilder page() {
        StringBuilder text = new StringBuilder(length + length / 8);
        TrafficPage.write(text, loops, budget, own);
        if (exporter != null) {
            exporter.write(text);
        }
        if (logs != null) {
            logs.write(text);
        }
        ClusterStatistics.write(text, clusters.get().values(), connected.getAsBoolean());
        ClusterStatistics.who(text, nodeId, own);
        length = text.length();
        return text;
    }
}
