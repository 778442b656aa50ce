package dev.lateen.proxy.telemetry;

import com.google.protobuf.Struct;
import dev.lateen.proxycore.balance.LiveCluster;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What one proxy tells of its traffic. Each event loop counts for itself; pages add up. Thread-safe. */
public final class Telemetry {
    /** Label sets that one proxy keeps; one of requests is some 1 kB and 68 lines of its page. */
    public static final int LABEL_SETS = 1000;

    private final Supplier<Map<String, LiveCluster>> clusters;
    private final boolean hostFallback;
    private final Struct node;
    private final String nodeId;
    private final String principal;
    private final Workload own;
    private final @Nullable SpanExporter exporter;
    private final SeriesBudget budget;
    private final RequestTap tap = new RequestTap();
    private final List<LoopTelemetry> loops = new CopyOnWriteArrayList<>();

    /**
     * @param node metadata of the proxy's node, in Istio's names
     * @param nodeId the node's id
     * @param principal the identity of this workload, a URI, where it has one
     * @param clusters as they are now
     * @param hostFallback whether a service that no cluster names is called as the client called it: at a gateway
     *     anybody could make up names
     * @param labelSets see {@link #LABEL_SETS}
     * @param exporter takes recorded spans; null: none are recorded
     */
    public Telemetry(
            Struct node,
            String nodeId,
            String principal,
            Supplier<Map<String, LiveCluster>> clusters,
            boolean hostFallback,
            int labelSets,
            @Nullable SpanExporter exporter) {
        this.node = PeerExchange.told(node);
        this.nodeId = nodeId;
        this.principal = principal;
        this.clusters = clusters;
        this.hostFallback = hostFallback;
        own = Workload.of(node);
        this.exporter = exporter;
        budget = new SeriesBudget(labelSets);
    }

    /** What one more event loop counts with. */
    public LoopTelemetry loop() {
        Function<String, @Nullable LiveCluster> byName = name -> clusters.get().get(name);
        LoopTelemetry loop = new LoopTelemetry(
                budget, byName, hostFallback, new PeerExchange(node, nodeId), principal, own, nodeId, exporter, tap);
        loops.add(loop);
        return loop;
    }

    /** Shows requests as they end. */
    public RequestTap tap() {
        return tap;
    }

    /** A page of metrics (Prometheus, "Text-based format", version 0.0.4): Istio's of the traffic, Envoy's of clusters. */
    public String page() {
        StringBuilder text = new StringBuilder(64 * 1024);
        TrafficPage.write(text, loops, own);
        TrafficPage.write(text, budget);
        if (exporter != null) {
            exporter.write(text);
        }
        ClusterStatistics.write(text, clusters.get().values());
        return text.toString();
    }
}
