package dev.lateen.mesh.translate;

import com.google.protobuf.Message;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.config.telemetry.WorkloadMode;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Locality;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What all proxies of one kind, namespace and (where rules ask for them) labels share. Worked out once for a snapshot; a
 * resource that is as it was before is the same instance, so that nobody encodes or compares it again.
 */
record Outbound(
        Scope scope,
        Map<String, Cluster> clusters,
        Map<String, ClusterLoadAssignment> assignments,
        Map<String, Listener> listeners,
        Map<String, RouteConfiguration> routes,
        Map<String, Message> names,
        Set<String> secrets,
        Set<String> conflicts) {
    /** What of a proxy its outbound resources follow from. */
    private record Key(
            ProxyNode.Type type,
            String namespace,
            Map<String, String> labels,
            Locality locality,
            String node,
            @Nullable ObjectName sidecar,
            ProxyNode.Dns dns,
            List<ObjectName> telemetry,
            boolean knowsIstio,
            String clientCertificate) {}

    static Outbound of(Snapshot snapshot, ProxyNode node) {
        Map<String, String> all = Translation.labels(snapshot, node);
        boolean placed = snapshot.rules().dependOnLocality()
                || snapshot.mesh().localityLbSetting() != null
                || snapshot.mesh().defaultTrafficPolicy() != null;
        ConfigObject<Sidecar> sidecar =
                node.type() == ProxyNode.Type.SIDECAR ? snapshot.rules().sidecar(node.namespace(), all) : null;
        Key key = new Key(
                node.type(),
                node.namespace(),
                snapshot.rules().dependOnLabels() || placed ? all : Map.of(),
                placed || snapshot.registry().isPlaced() ? Translation.locality(snapshot, node) : Locality.UNKNOWN,
                snapshot.registry().isNodeLocal() ? Translation.clusterNode(snapshot, node) : "",
                sidecar == null ? null : sidecar.objectName(),
                node.dns(),
                snapshot.rules().telemetry().holding(node.namespace(), all).stream()
                        .map(ConfigObject::objectName)
                        .toList(),
                node.knowsIstio(),
                node.type() == ProxyNode.Type.ROUTER
                        ? snapshot.rules().ofKubernetes().clientCertificate(node.namespace(), all)
                        : "");
        return snapshot.derived().get(key, Outbound.class, former -> make(snapshot, key, former));
    }

    private static Outbound make(Snapshot snapshot, Key key, @Nullable Outbound former) {
        Scope scope = new Scope(
                snapshot,
                key.type(),
                key.namespace(),
                key.labels(),
                key.locality(),
                key.node(),
                sidecar(snapshot, key.sidecar()),
                key.dns(),
                key.clientCertificate());
        Map<String, Listener> listeners = Map.of();
        Map<String, RouteConfiguration> routes = Map.of();
        Set<String> conflicts = Set.of();
        if (scope.isSidecar()) {
            Filters filters =
                    new Filters(snapshot, settings(snapshot, key), key.knowsIstio(), List.of(), scope.looksUp());
            OutboundListeners outbound = OutboundListeners.of(scope, filters);
            listeners = filters.withConnectionMetrics(outbound.listeners());
            routes = outbound.routes();
            conflicts = outbound.conflicts();
        }
        Map<String, Message> names = NameTable.of(scope);
        if (former == null) {
            Clusters clusters = Clusters.outbound(scope);
            return new Outbound(
                    scope,
                    clusters.clusters(),
                    clusters.assignments(),
                    listeners,
                    routes,
                    names,
                    clusters.secrets(),
                    conflicts);
        }
        Map<String, Listener> keptListeners = kept(listeners, former.listeners);
        Map<String, RouteConfiguration> keptRoutes = kept(routes, former.routes);
        if (scope.sharesServices(former.scope)) {
            return new Outbound(
                    scope,
                    former.clusters,
                    former.assignments,
                    keptListeners,
                    keptRoutes,
                    kept(names, former.names),
                    former.secrets,
                    conflicts);
        }
        Clusters clusters = Clusters.outbound(scope);
        return new Outbound(
                scope,
                kept(clusters.clusters(), former.clusters),
                kept(clusters.assignments(), former.assignments),
                keptListeners,
                keptRoutes,
                kept(names, former.names),
                clusters.secrets(),
                conflicts);
    }

    private static TelemetrySettings settings(Snapshot snapshot, Key key) {
        List<Telemetry> holding = new ArrayList<>();
        for (ObjectName name : key.telemetry()) {
            ConfigObject<?> object = snapshot.config().get(name);
            if (object != null) {
                holding.add(object.as(Kinds.TELEMETRY).spec());
            }
        }
        return TelemetrySettings.of(snapshot, holding, WorkloadMode.CLIENT);
    }

    private static @Nullable Sidecar sidecar(Snapshot snapshot, @Nullable ObjectName name) {
        ConfigObject<?> object = name == null ? null : snapshot.config().get(name);
        return object == null ? null : object.as(Kinds.SIDECAR).spec();
    }

    /** The same resources, those that were there before as the instances of then. */
    private static <T extends Message> Map<String, T> kept(Map<String, T> now, Map<String, T> before) {
        Map<String, T> kept = LinkedHashMap.newLinkedHashMap(now.size());
        now.forEach((name, resource) -> {
            T old = before.get(name);
            kept.put(name, resource.equals(old) ? old : resource);
        });
        return kept;
    }
}
