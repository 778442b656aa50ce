package dev.lateen.mesh.translate;

import com.google.protobuf.Message;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.ServerTls;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.ProxyResources;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Locality;
import dev.lateen.mesh.registry.Workload;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Puts the resources of one proxy together. */
public final class Translation {
    private Translation() {}

    /** Resources of the proxy beside a workload. */
    public static Map<String, Map<String, Message>> sidecar(Snapshot snapshot, ProxyNode node) {
        Outbound outbound = Outbound.of(snapshot, node);
        Collection<InboundPort> ports = Inbound.ports(snapshot, node);
        Map<String, Cluster> clusters = new LinkedHashMap<>(outbound.clusters());
        for (Cluster cluster : Inbound.clusters(outbound.scope(), ports)) {
            clusters.put(cluster.getName(), cluster);
        }
        Map<String, Listener> listeners = new LinkedHashMap<>(outbound.listeners());
        InboundSecurity security = InboundSecurity.of(snapshot, node);
        Filters filters = new Filters(snapshot, node, WorkloadMode.SERVER, security.httpFilters(), false);
        listeners.putAll(filters.withConnectionMetrics(Inbound.listeners(ports, filters, security)));
        return byType(clusters, outbound.assignments(), listeners, outbound.routes(), outbound.names());
    }

    /** Resources of a proxy at the edge. */
    public static Map<String, Map<String, Message>> router(Snapshot snapshot, ProxyNode node) {
        Outbound outbound = Outbound.of(snapshot, node);
        GatewayListeners listeners = GatewayListeners.of(snapshot, node, outbound.scope());
        Map<String, Cluster> clusters = outbound.clusters();
        if (AutoPassthrough.isAsked(snapshot, node)) {
            clusters = new LinkedHashMap<>(clusters);
            clusters.putAll(AutoPassthrough.clusters(outbound.clusters()));
        }
        return byType(clusters, outbound.assignments(), listeners.listeners(), listeners.routes(), outbound.names());
    }

    /** Ports that Gateways give their servers, by the ports that a proxy at the edge listens at. */
    public static Map<Integer, Set<Integer>> servers(Snapshot snapshot, ProxyNode node) {
        return GatewayListeners.servers(snapshot, node);
    }

    /** Names of what the proxy is to get from Secrets of the cluster. */
    public static Set<String> secrets(Snapshot snapshot, ProxyNode node) {
        Set<String> names = new TreeSet<>(Outbound.of(snapshot, node).secrets());
        if (node.type() == ProxyNode.Type.ROUTER) {
            for (ConfigObject<Gateway> gateway : snapshot.rules().gateways(node.namespace(), labels(snapshot, node))) {
                for (Gateway.Server server : gateway.spec().servers()) {
                    ServerTls tls = server.tls();
                    if (tls != null && tls.ends()) {
                        names.addAll(Secrets.of(tls));
                    }
                }
            }
        }
        return names;
    }

    /** Names of outbound listeners at which services of TCP meet, of those proxies that were translated for. */
    public static Set<String> conflicts(Snapshot snapshot) {
        Set<String> names = new TreeSet<>();
        snapshot.derived().made(Outbound.class).forEach(outbound -> names.addAll(outbound.conflicts()));
        return names;
    }

    /** Labels of the pod as the API has them now; before it is known, as the proxy tells them. */
    public static Map<String, String> labels(Snapshot snapshot, ProxyNode node) {
        var workload = snapshot.registry().workloadAt(node.address());
        return workload == null || !workload.namespace().equals(node.namespace()) ? node.labels() : workload.labels();
    }

    /** Where the proxy is: where its pod's node is, else where it says it is. */
    static Locality locality(Snapshot snapshot, ProxyNode node) {
        Workload workload = snapshot.registry().workloadAt(node.address());
        Locality known =
                workload == null ? Locality.UNKNOWN : snapshot.registry().locality(workload);
        return known.equals(Locality.UNKNOWN) ? node.locality() : known;
    }

    /** The node of the cluster that the proxy is on, empty while its pod is not known. */
    static String clusterNode(Snapshot snapshot, ProxyNode node) {
        Workload workload = snapshot.registry().workloadAt(node.address());
        return workload == null ? "" : workload.node();
    }

    private static Map<String, Map<String, Message>> byType(
            Map<String, ? extends Message> clusters,
            Map<String, ? extends Message> endpoints,
            Map<String, ? extends Message> listeners,
            Map<String, ? extends Message> routes,
            Map<String, Message> names) {
        Map<String, Map<String, Message>> byType = new LinkedHashMap<>();
        byType.put(ProxyResources.CLUSTER, Collections.unmodifiableMap(clusters));
        byType.put(ProxyResources.ENDPOINT, Collections.unmodifiableMap(endpoints));
        byType.put(ProxyResources.LISTENER, Collections.unmodifiableMap(listeners));
        byType.put(ProxyResources.ROUTE, Collections.unmodifiableMap(routes));
        if (!names.isEmpty()) {
            byType.put(ProxyResources.NAME_TABLE, Collections.unmodifiableMap(names));
        }
        return byType;
    }
}
