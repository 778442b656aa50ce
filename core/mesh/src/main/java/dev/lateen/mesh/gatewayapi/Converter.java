package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.ConnectionRouteSpec;
import dev.lateen.config.kubernetes.GatewayClassSpec;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.ListenerSetSpec;
import dev.lateen.config.kubernetes.ParentReference;
import dev.lateen.config.networking.TcpRoute;
import dev.lateen.config.networking.TcpRoute.RouteDestination;
import dev.lateen.config.networking.TlsRoute;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Registry;
import dev.lateen.mesh.rules.BoundRoute;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.rules.Rules;
import dev.lateen.mesh.security.TrustBundle;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes the mesh's own rules of the Gateway API's objects and of Ingresses. */
public final class Converter {
    /** The class that is the mesh's without an object that says so. */
    public static final String CLASS = "istio";

    /** The class of Istio's ambient mode. */
    private static final String WAYPOINT = "istio-waypoint";

    /** Requests of one host at one place, gathered from several routes. */
    private record Place(String gateway, String host) {}

    private final Surroundings around;
    private final Map<ObjectName, GatewayState> gateways = new LinkedHashMap<>();
    private final Map<ObjectName, ListenerSetState> sets = new HashMap<>();
    private final Map<ObjectName, RouteReport> reports = new HashMap<>();
    private final Map<Place, List<RouteUnit>> requests =
            new TreeMap<>(Comparator.comparing(Place::gateway).thenComparing(Place::host));
    /** Gateways whose routes lead to a Service, by its host. */
    private final Map<String, Set<ObjectName>> leading = new HashMap<>();

    private final List<BoundVirtualService> edge = new ArrayList<>();
    private final MeshRoutes mesh = new MeshRoutes();

    private Converter(Surroundings around) {
        this.around = around;
    }

    /** Whether there is anything to make rules of. */
    public static boolean concerns(Collection<ConfigObject<?>> objects) {
        return objects.stream().anyMatch(object -> Kinds.isOfKubernetes(object.kind()));
    }

    /**
     * The rules.
     *
     * @param objects of any kinds
     * @param namespaces labels by name
     * @param bundles roots in ConfigMaps, by name
     */
    public static Conversion of(
            Collection<ConfigObject<?>> objects,
            Registry registry,
            Map<String, Map<String, String>> namespaces,
            Map<ObjectName, TrustBundle> bundles,
            String domain) {
        if (!concerns(objects)) {
            return Conversion.NONE;
        }
        Surroundings around = new Surroundings(
                registry,
                namespaces,
                domain,
                Rules.select(objects, Kinds.REFERENCE_GRANT).values(),
                bundles);
        Converter converter = new Converter(around);
        converter.gateways(objects);
        converter.routes(objects);
        Ingresses ingresses = new Ingresses(around, Rules.oldestFirst(objects, Kinds.INGRESS));
        BackendPolicies policies =
                new BackendPolicies(around, Rules.oldestFirst(objects, Kinds.BACKEND_TLS_POLICY), converter.leading);
        return converter.result(ingresses, policies);
    }

    /** Names of the classes that are the mesh's. */
    public static Set<String> classes(Collection<ConfigObject<?>> objects) {
        Map<ObjectName, ConfigObject<GatewayClassSpec>> all = Rules.select(objects, Kinds.GATEWAY_CLASS);
        Set<String> classes = new HashSet<>();
        if (all.values().stream().noneMatch(each -> each.name().equals(CLASS))) {
            classes.add(CLASS);
        }
        all.values().stream().filter(Converter::isOurs).forEach(each -> classes.add(each.name()));
        return classes;
    }

    private static boolean isOurs(ConfigObject<GatewayClassSpec> each) {
        return each.spec().controllerName().equals(GatewayClassSpec.CONTROLLER);
    }

    private void gateways(Collection<ConfigObject<?>> objects) {
        Rules.select(objects, Kinds.GATEWAY_CLASS).forEach((name, object) -> {
            if (isOurs(object)) {
                reports.put(name, new RouteReport.OfClass(List.of(Condition.yes("Accepted", "Accepted"))));
            }
        });
        Set<String> classes = classes(objects);
        List<ConfigObject<ListenerSetSpec>> all = Rules.oldestFirst(objects, Kinds.LISTENER_SET);
        // Of the same age, the first by namespace and name.
        all.sort(Comparator.comparing((ConfigObject<ListenerSetSpec> set) -> Rules.created(set))
                .thenComparing(ConfigObject::namespace)
                .thenComparing(ConfigObject::name));
        for (ConfigObject<GatewaySpec> gateway : Rules.oldestFirst(objects, Kinds.KUBERNETES_GATEWAY)) {
            if (classes.contains(gateway.spec().gatewayClassName())) {
                GatewayState state = new GatewayState(gateway, attaching(gateway, all), around);
                gateways.put(gateway.objectName(), state);
                state.sets.forEach(set -> sets.put(set.set.objectName(), set));
            } else if (gateway.spec().gatewayClassName().equals(WAYPOINT)) {
                reports.put(
                        gateway.objectName(),
                        RefusedReports.notInForce(
                                "class " + WAYPOINT + " is of Istio's ambient mode, which this mesh does"
                                        + " not have: label the namespace istio-injection=enabled, and rules hold in sidecars"));
            }
        }
    }

    private static List<ConfigObject<ListenerSetSpec>> attaching(
            ConfigObject<GatewaySpec> gateway, List<ConfigObject<ListenerSetSpec>> sets) {
        return sets.stream()
                .filter(set -> {
                    ListenerSetSpec.Parent parent = set.spec().parentRef();
                    String namespace = parent.namespace() == null ? set.namespace() : parent.namespace();
                    return parent.isGateway()
                            && parent.name().equals(gateway.name())
                            && namespace.equals(gateway.namespace());
                })
                .toList();
    }

    private void routes(Collection<ConfigObject<?>> objects) {
        Rules.oldestFirst(objects, Kinds.HTTP_ROUTE).forEach(route -> {
            Backends backends = backends(route);
            List<RouteUnit> units = HttpRules.ofHttp(route, backends);
            requests(route, route.spec().parentRefs(), route.spec().hostnames(), units, backends);
        });
        Rules.oldestFirst(objects, Kinds.GRPC_ROUTE).forEach(route -> {
            Backends backends = backends(route);
            List<RouteUnit> units = HttpRules.ofGrpc(route, backends);
            requests(route, route.spec().parentRefs(), route.spec().hostnames(), units, backends);
        });
        for (Kind<ConnectionRouteSpec> kind : List.of(Kinds.TLS_ROUTE, Kinds.TCP_ROUTE)) {
            Rules.oldestFirst(objects, kind).forEach(this::connections);
        }
    }

    private Backends backends(ConfigObject<?> route) {
        return new Backends(around, route.kind().name(), route.namespace());
    }

    private void requests(
            ConfigObject<?> route,
            List<ParentReference> parents,
            List<String> hostnames,
            List<RouteUnit> units,
            Backends backends) {
        Attachment attachment = new Attachment(route, hostnames, around, gateways, sets);
        report(route, parents, backends, attachment, listener -> {
            for (String host : listener.common(hostnames)) {
                Place place = new Place(listener.gateway.namespace() + "/" + listener.derivedName(), host);
                requests.computeIfAbsent(place, _ -> new ArrayList<>()).addAll(units);
            }
        });
        attachment.services().forEach((parent, service) -> mesh.add(route, service, parent.port(), units));
    }

    private void connections(ConfigObject<ConnectionRouteSpec> route) {
        Backends backends = backends(route);
        List<RouteDestination> destinations =
                backends.destinations(route.spec().rules().getFirst().backendRefs()).stream()
                        .map(each -> new RouteDestination(each.destination(), each.weight()))
                        .toList();
        List<String> hostnames = route.spec().hostnames();
        boolean tls = route.kind().equals(Kinds.TLS_ROUTE);
        Attachment attachment = new Attachment(route, hostnames, around, gateways, sets);
        report(route, route.spec().parentRefs(), backends, attachment, listener -> {
            if (destinations.isEmpty()) {
                return;
            }
            List<String> names = listener.common(hostnames);
            List<TlsRoute> byName = tls
                    ? List.of(new TlsRoute(
                            List.of(new TlsRoute.TlsMatch(names, List.of(), 0, Map.of(), List.of(), "")), destinations))
                    : List.of();
            List<TcpRoute> all = tls ? List.of() : List.of(new TcpRoute(List.of(), destinations));
            VirtualService spec = new VirtualService(names, List.of(), List.of(), byName, all, List.of());
            String gateway = listener.gateway.namespace() + "/" + listener.derivedName();
            edge.add(new BoundVirtualService(shown(route, spec), names, Set.of(gateway), List.of()));
        });
    }

    static ConfigObject<VirtualService> shown(ConfigObject<?> route, VirtualService spec) {
        ConfigObject<VirtualService> bare = HttpRules.shown(route);
        return new ConfigObject<>(bare.kind(), bare.apiVersion(), bare.metadata(), spec, bare.origin());
    }

    /** Attaches a route to each of its parents, and notes what came of it. */
    private void report(
            ConfigObject<?> route,
            List<ParentReference> parents,
            Backends backends,
            Attachment attachment,
            Consumer<ListenerState> attached) {
        List<RouteReport.OfParent> all = new ArrayList<>();
        Set<ListenerState> once = new HashSet<>();
        for (ParentReference parent : parents) {
            attachment.accept(parent).ifPresent(accepted -> {
                all.add(new RouteReport.OfParent(parent, List.of(accepted.condition(), backends.resolved())));
                for (ListenerState listener : accepted.listeners()) {
                    if (once.add(listener)) {
                        listener.attach();
                        backends.hosts().forEach(host -> leading.computeIfAbsent(host, _ -> new HashSet<>())
                                .add(listener.gateway.objectName()));
                        if (listener.isUsable()) {
                            attached.accept(listener);
                        }
                    }
                }
            });
        }
        // Also when there is none: what was said of a parent that is gone must go too.
        reports.put(route.objectName(), new RouteReport.OfRoute(all));
    }

    private Conversion result(Ingresses ingresses, BackendPolicies policies) {
        requests.forEach((place, units) -> {
            List<BoundRoute> rules = ordered(units);
            if (!rules.isEmpty()) {
                BoundRoute first = rules.getFirst();
                edge.add(
                        new BoundVirtualService(first.object(), List.of(place.host()), Set.of(place.gateway()), rules));
            }
        });
        gateways.values().forEach(state -> state.report(reports::put));
        reports.putAll(ingresses.reports());
        reports.putAll(policies.reports());
        return new Conversion(
                Stream.concat(
                                gateways.values().stream().flatMap(state -> state.edges().stream()),
                                ingresses.gateways().stream())
                        .toList(),
                Stream.concat(edge.stream(), ingresses.rules().stream()).toList(),
                mesh.callers(),
                mesh.services(),
                Map.copyOf(reports),
                gateways.values().stream()
                        .filter(state -> GatewayState.serviceOf(state.gateway.spec()) == null)
                        .map(GatewayState::managed)
                        .toList(),
                policies.ports(),
                Stream.concat(
                                policies.bundles().stream(),
                                gateways.values().stream()
                                        .flatMap(state -> CallerChecks.bundles(state.gateway).stream()))
                        .collect(Collectors.toSet()));
    }

    static List<BoundRoute> ordered(List<RouteUnit> units) {
        return units.stream()
                .sorted(RouteUnit.ORDER)
                .flatMap(unit -> unit.routes().stream())
                .toList();
    }

    /** Rules of services for calls within the mesh. */
    private static final class MeshRoutes {
        /** Of the service's own namespace, by host; of others by namespace and host. */
        private final Map<Place, List<RouteUnit>> own = new LinkedHashMap<>();

        private final Map<Place, List<RouteUnit>> others = new LinkedHashMap<>();

        void add(
                ConfigObject<?> route,
                MeshService service,
                @org.jspecify.annotations.Nullable Integer port,
                List<RouteUnit> units) {
            boolean producer = route.namespace().equals(service.namespace());
            List<RouteUnit> narrowed = port == null
                    ? units
                    : units.stream().map(unit -> unit.at(port)).toList();
            (producer ? own : others)
                    .computeIfAbsent(
                            new Place(producer ? "" : route.namespace(), service.host()), _ -> new ArrayList<>())
                    .addAll(narrowed);
        }

        List<BoundVirtualService> services() {
            return of(own);
        }

        List<BoundVirtualService> callers() {
            return of(others);
        }

        private static List<BoundVirtualService> of(Map<Place, List<RouteUnit>> places) {
            List<BoundVirtualService> rules = new ArrayList<>();
            places.forEach((place, units) -> {
                List<BoundRoute> ordered = ordered(units);
                if (!ordered.isEmpty()) {
                    BoundRoute first = ordered.getFirst();
                    List<String> exportTo = List.of(place.gateway().isEmpty() ? "*" : ".");
                    VirtualService spec =
                            new VirtualService(List.of(), List.of(), List.of(), List.of(), List.of(), exportTo);
                    rules.add(new BoundVirtualService(
                            shown(first.object(), spec), List.of(place.host()), Set.of(VirtualService.MESH), ordered));
                }
            });
            return rules;
        }
    }
}
