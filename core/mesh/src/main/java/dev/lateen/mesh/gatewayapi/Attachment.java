package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.ParentReference;
import dev.lateen.mesh.registry.MeshService;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which parents take one route. */
final class Attachment {
    /** What became of a route at a parent. */
    record Accepted(Condition condition, List<ListenerState> listeners) {
        static Accepted no(String reason, String message) {
            return new Accepted(Condition.no("Accepted", reason, message), List.of());
        }
    }

    private final ConfigObject<?> route;
    private final List<String> hostnames;
    private final Surroundings around;
    private final Map<ObjectName, GatewayState> gateways;
    private final Map<ObjectName, ListenerSetState> sets;
    private final Map<ParentReference, MeshService> services = new LinkedHashMap<>();

    Attachment(
            ConfigObject<?> route,
            List<String> hostnames,
            Surroundings around,
            Map<ObjectName, GatewayState> gateways,
            Map<ObjectName, ListenerSetState> sets) {
        this.route = route;
        this.hostnames = hostnames;
        this.around = around;
        this.gateways = gateways;
        this.sets = sets;
    }

    /** Services whose calls within the mesh the route rules; known once all parents were asked for. */
    Map<ParentReference, MeshService> services() {
        return services;
    }

    /** Empty when the parent is somebody else's. */
    Optional<Accepted> accept(ParentReference parent) {
        String namespace = parent.namespace() == null ? route.namespace() : parent.namespace();
        if (parent.isService()) {
            return Optional.of(service(parent, namespace));
        }
        if (parent.isListenerSet()) {
            ListenerSetState set = sets.get(new ObjectName(Kinds.LISTENER_SET.key(), namespace, parent.name()));
            return set == null ? Optional.empty() : Optional.of(listeners(parent, set.listeners));
        }
        GatewayState gateway = parent.isGateway()
                ? gateways.get(new ObjectName(Kinds.KUBERNETES_GATEWAY.key(), namespace, parent.name()))
                : null;
        return gateway == null ? Optional.empty() : Optional.of(listeners(parent, gateway.listeners));
    }

    private Accepted service(ParentReference parent, String namespace) {
        MeshService service = around.service(parent.name(), namespace);
        Integer port = parent.port();
        if (service == null || (port != null && service.port(port).isEmpty())) {
            String what = "Service " + namespace + "/" + parent.name();
            return Accepted.no(
                    "NoMatchingParent", service == null ? "there is no " + what : what + " has no port " + port);
        }
        if (!route.kind().equals(Kinds.HTTP_ROUTE) && !route.kind().equals(Kinds.GRPC_ROUTE)) {
            return Accepted.no(
                    "UnsupportedValue", route.kind().name() + " of a Service is not supported: write a VirtualService");
        }
        services.put(parent, service);
        return new Accepted(Condition.yes("Accepted", "Accepted"), List.of());
    }

    private Accepted listeners(ParentReference parent, List<ListenerState> listeners) {
        List<ListenerState> named = listeners.stream()
                .filter(l -> parent.sectionName() == null || l.listener.name().equals(parent.sectionName()))
                .filter(l -> parent.port() == null || l.listener.port() == parent.port())
                .toList();
        if (named.isEmpty()) {
            return Accepted.no(
                    "NoMatchingParent",
                    "the " + (parent.isGateway() ? "Gateway" : "ListenerSet") + " has no such listener");
        }
        List<ListenerState> allowed = named.stream()
                .filter(l -> l.allows(route.kind().name(), route.namespace(), around))
                .toList();
        if (allowed.isEmpty()) {
            return Accepted.no(
                    "NotAllowedByListeners",
                    "no listener takes a " + route.kind().name() + " of namespace " + route.namespace());
        }
        List<ListenerState> common =
                allowed.stream().filter(l -> !l.common(hostnames).isEmpty()).toList();
        return common.isEmpty()
                ? Accepted.no("NoMatchingListenerHostname", "no listener serves any of the route's hostnames")
                : new Accepted(Condition.yes("Accepted", "Accepted"), common);
    }
}
