package dev.lateen.mesh.translate;

import com.google.protobuf.Message;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.ProxyResources;
import dev.lateen.mesh.Snapshot;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Puts the resources of one proxy together. */
public final class Translation {
    private Translation() {}

    /** Resources of the proxy beside a workload. */
    public static Map<String, Map<String, Message>> sidecar(Snapshot snapshot, ProxyNode node) {
        Scope scope = scope(snapshot, node);
        Filters filters = new Filters(snapshot.mesh());
        Clusters outbound = Clusters.outbound(scope);
        OutboundListeners listeners = OutboundListeners.of(scope, filters);
        Collection<InboundPort> ports = Inbound.ports(snapshot, node);
        Map<String, Cluster> clusters = new LinkedHashMap<>(outbound.clusters());
        for (Cluster cluster : Inbound.clusters(scope, ports)) {
            clusters.put(cluster.getName(), cluster);
        }
        Map<String, Listener> all = new LinkedHashMap<>(listeners.listeners());
        Listener inbound = Inbound.listener(ports, filters);
        all.put(inbound.getName(), inbound);
        return byType(clusters, outbound.assignments(), all, listeners.routes());
    }

    /** Resources of a proxy at the edge. */
    public static Map<String, Map<String, Message>> router(Snapshot snapshot, ProxyNode node) {
        Scope scope = scope(snapshot, node);
        Clusters outbound = Clusters.outbound(scope);
        GatewayListeners listeners = GatewayListeners.of(snapshot, node, scope, new Filters(snapshot.mesh()));
        return byType(outbound.clusters(), outbound.assignments(), listeners.listeners(), listeners.routes());
    }

    private static Scope scope(Snapshot snapshot, ProxyNode node) {
        Map<String, String> labels = snapshot.rules().dependOnLabels() ? labels(snapshot, node) : Map.of();
        return new Scope(snapshot, node.type(), node.namespace(), labels);
    }

    /** Labels of the pod as the API has them now; before it is known, as the proxy tells them. */
    static Map<String, String> labels(Snapshot snapshot, ProxyNode node) {
        var workload = snapshot.registry().workloadAt(node.address());
        return workload == null || !workload.namespace().equals(node.namespace()) ? node.labels() : workload.labels();
    }

    private static Map<String, Map<String, Message>> byType(
            Map<String, ? extends Message> clusters,
            Map<String, ? extends Message> endpoints,
            Map<String, ? extends Message> listeners,
            Map<String, ? extends Message> routes) {
        Map<String, Map<String, Message>> byType = new LinkedHashMap<>();
        byType.put(ProxyResources.CLUSTER, new LinkedHashMap<>(clusters));
        byType.put(ProxyResources.ENDPOINT, new LinkedHashMap<>(endpoints));
        byType.put(ProxyResources.LISTENER, new LinkedHashMap<>(listeners));
        byType.put(ProxyResources.ROUTE, new LinkedHashMap<>(routes));
        return byType;
    }
}
