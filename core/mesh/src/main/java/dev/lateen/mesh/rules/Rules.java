package dev.lateen.mesh.rules;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.EnvoyFilter;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Sidecar;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.config.networking.WorkloadSelector;
import dev.lateen.mesh.gatewayapi.Conversion;
import dev.lateen.mesh.gatewayapi.EdgeGateway;
import dev.lateen.mesh.patch.EnvoyPatch;
import dev.lateen.mesh.security.SecurityRules;
import dev.lateen.mesh.telemetry.TelemetryRules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rules of the mesh, indexed. Where rules conflict the oldest object wins, as in Istio, and a problem says so. */
public final class Rules {
    private final List<BoundVirtualService> forMesh = new ArrayList<>();
    private final Map<String, List<BoundVirtualService>> byGateway = new HashMap<>();
    private final List<ConfigObject<Gateway>> gateways;
    private final DestinationRules destinationRules;
    private final SecurityRules security;
    private final TelemetryRules telemetry;
    private final List<Problem> problems = new ArrayList<>();
    private final boolean labelled;
    private final List<ConfigObject<Sidecar>> sidecars;
    private final List<ConfigObject<EnvoyFilter>> envoyFilters;
    private final Map<ObjectName, List<EnvoyPatch>> envoyPatches = new HashMap<>();
    private final String root;
    private final Conversion ofKubernetes;

    /**
     * @param objects of any kinds; others than rules are passed over
     * @param root namespace whose DestinationRules hold for all
     * @param ofKubernetes what the Gateway API's objects and Ingresses among them mean
     * @param former rules to share with what did not change, null for none
     */
    public Rules(
            Collection<ConfigObject<?>> objects,
            String domain,
            String root,
            Conversion ofKubernetes,
            @Nullable Rules former) {
        this.ofKubernetes = ofKubernetes;
        boolean byLabels = false;
        Delegation delegation = new Delegation(select(objects, Kinds.VIRTUAL_SERVICE), domain, problems);
        for (ConfigObject<VirtualService> object : oldestFirst(objects, Kinds.VIRTUAL_SERVICE)) {
            if (object.spec().hosts().isEmpty()) {
                continue;
            }
            BoundVirtualService bound = bind(object, domain, delegation);
            for (String gateway : bound.gateways()) {
                if (gateway.equals(VirtualService.MESH)) {
                    forMesh.add(bound);
                } else {
                    byGateway.computeIfAbsent(gateway, _ -> new ArrayList<>()).add(bound);
                }
            }
            byLabels |= matchesLabels(bound);
        }
        gateways = oldestFirst(objects, Kinds.GATEWAY);
        reportSharedHosts();
        forMesh.addAll(0, ofKubernetes.callers());
        forMesh.addAll(ofKubernetes.services());
        for (BoundVirtualService rule : ofKubernetes.edge()) {
            rule.gateways().forEach(gateway -> byGateway
                    .computeIfAbsent(gateway, _ -> new ArrayList<>())
                    .add(rule));
        }
        List<ConfigObject<DestinationRule>> policies = oldestFirst(objects, Kinds.DESTINATION_RULE);
        destinationRules = former == null
                ? new DestinationRules(policies, domain, root)
                : former.destinationRules.with(policies, domain, root);
        problems.addAll(destinationRules.problems());
        destinationRules.report(ofKubernetes.backendTls(), problems);
        security = SecurityRules.of(objects, root, former == null ? null : former.security);
        telemetry = new TelemetryRules(objects, root);
        labelled = byLabels || destinationRules.isSelective();
        sidecars = oldestFirst(objects, Kinds.SIDECAR);
        this.root = root;
        envoyFilters = oldestFirst(objects, Kinds.ENVOY_FILTER);
        envoyFilters.sort(Comparator.comparingInt(
                        (ConfigObject<EnvoyFilter> f) -> f.spec().priority())
                .thenComparing(f -> !f.namespace().equals(root)));
        for (ConfigObject<EnvoyFilter> filter : envoyFilters) {
            envoyPatches.put(filter.objectName(), EnvoyPatch.of(filter, problems::add));
        }
    }

    /** The objects of one kind, by name. */
    public static <S extends Record> Map<ObjectName, ConfigObject<S>> select(
            Collection<ConfigObject<?>> objects, Kind<S> kind) {
        Map<ObjectName, ConfigObject<S>> selected = new LinkedHashMap<>();
        for (ConfigObject<?> object : objects) {
            if (object.kind().equals(kind)) {
                selected.put(object.objectName(), object.as(kind));
            }
        }
        return selected;
    }

    /** The objects of one kind, the one that wins conflicts first. */
    public static <S extends Record> List<ConfigObject<S>> oldestFirst(
            Collection<ConfigObject<?>> objects, Kind<S> kind) {
        List<ConfigObject<S>> list = new ArrayList<>(select(objects, kind).values());
        list.sort(Comparator.comparing((ConfigObject<S> o) -> created(o))
                .thenComparing(ConfigObject::name)
                .thenComparing(ConfigObject::namespace));
        return list;
    }

    /** When an object was created; what stands in a file is the oldest. */
    public static Instant created(ConfigObject<?> object) {
        Instant created = object.metadata().creationTimestamp();
        return created == null ? Instant.EPOCH : created;
    }

    private static BoundVirtualService bind(ConfigObject<VirtualService> object, String domain, Delegation delegation) {
        List<String> hosts = object.spec().hosts().stream()
                .map(h -> Hosts.resolve(h, object.namespace(), domain))
                .toList();
        Set<String> gateways = new LinkedHashSet<>();
        for (String name : object.spec().gateways()) {
            gateways.add(BoundVirtualService.gateway(name, object.namespace()));
        }
        if (gateways.isEmpty()) {
            gateways.add(VirtualService.MESH);
        }
        return new BoundVirtualService(object, hosts, gateways, delegation.routes(object));
    }

    private static boolean matchesLabels(BoundVirtualService bound) {
        VirtualService spec = bound.spec();
        return bound.http().stream().anyMatch(r -> r.rule().match().stream()
                        .anyMatch(m -> !m.sourceLabels().isEmpty()))
                || spec.tls().stream().anyMatch(r -> r.match().stream()
                        .anyMatch(m -> !m.sourceLabels().isEmpty()))
                || spec.tcp().stream().anyMatch(r -> r.match().stream()
                        .anyMatch(m -> !m.sourceLabels().isEmpty()));
    }

    private void reportSharedHosts() {
        Map<String, BoundVirtualService> first = new HashMap<>();
        for (BoundVirtualService bound : forMesh) {
            for (int i = 0; i < bound.hosts().size(); i++) {
                BoundVirtualService winner = first.putIfAbsent(bound.hosts().get(i), bound);
                if (winner != null && !winner.equals(bound) && meet(winner, bound)) {
                    problems.add(Problem.shadowed(
                            bound.object().origin(),
                            "spec.hosts[" + i + "]",
                            "has no effect in the mesh, as " + winner.object().objectName()
                                    + " rules the same host and comes first ("
                                    + winner.object().origin().at() + "); put the routes into one VirtualService",
                            winner.object().objectName()));
                }
            }
        }
    }

    private static boolean meet(BoundVirtualService a, BoundVirtualService b) {
        return a.isVisibleFrom(b.object().namespace())
                || b.isVisibleFrom(a.object().namespace());
    }

    /**
     * VirtualServices that hold for sidecars of the namespace, the one that wins first.
     *
     * @param exportTo of those that say nothing
     */
    public List<BoundVirtualService> forSidecars(String namespace, List<String> exportTo) {
        return forMesh.stream()
                .filter(v -> v.isVisibleFrom(namespace, exportTo))
                .toList();
    }

    /** VirtualServices bound to a gateway, {@code namespace/name}, the oldest first. */
    public List<BoundVirtualService> forGateway(String gateway) {
        return byGateway.getOrDefault(gateway, List.of());
    }

    /** Gateways whose selector takes a proxy with these labels, the oldest first. */
    public List<ConfigObject<Gateway>> gateways(String namespace, Map<String, String> labels) {
        List<ConfigObject<Gateway>> selected = new ArrayList<>();
        for (ConfigObject<Gateway> gateway : gateways) {
            Map<String, String> selector = gateway.spec().selector();
            if (selector.isEmpty()
                    ? gateway.namespace().equals(namespace)
                    : labels.entrySet().containsAll(selector.entrySet())) {
                selected.add(gateway);
            }
        }
        for (EdgeGateway edge : ofKubernetes.gateways()) {
            if (edge.selects(namespace, labels)) {
                selected.add(edge.gateway());
            }
        }
        return selected;
    }

    /** What the Gateway API's objects and Ingresses mean, and what is said about them. */
    public Conversion ofKubernetes() {
        return ofKubernetes;
    }

    /**
     * What DestinationRules say about a host, null when none does.
     *
     * @param caller namespace of the calling proxy
     * @param labels of the calling proxy
     */
    public @Nullable HostPolicy policy(
            String host, String serviceNamespace, String caller, Map<String, String> labels) {
        return destinationRules.find(host, serviceNamespace, caller, labels);
    }

    /** Who may call whom, and how. */
    public SecurityRules security() {
        return security;
    }

    public TelemetryRules telemetry() {
        return telemetry;
    }

    /** Whether any rule asks for the labels of the calling proxy. */
    public boolean dependOnLabels() {
        return labelled;
    }

    /** Whether DestinationRules are those of the other, as one instance. */
    @SuppressWarnings("ReferenceEquality")
    public boolean sharesPolicies(Rules other) {
        return destinationRules == other.destinationRules;
    }

    /** Whether any rule asks where the calling proxy is. */
    public boolean dependOnLocality() {
        return destinationRules.isPlaced();
    }

    /** The Sidecar of a workload: one that selects it, else its namespace's, else the mesh's; null when there is none. */
    public @Nullable ConfigObject<Sidecar> sidecar(String namespace, Map<String, String> labels) {
        ConfigObject<Sidecar> whole = null;
        ConfigObject<Sidecar> mesh = null;
        for (ConfigObject<Sidecar> sidecar : sidecars) {
            WorkloadSelector selector = sidecar.spec().workloadSelector();
            boolean own = sidecar.namespace().equals(namespace);
            if (own
                    && selector != null
                    && labels.entrySet().containsAll(selector.labels().entrySet())) {
                return sidecar;
            }
            if (selector == null && own && whole == null) {
                whole = sidecar;
            }
            if (selector == null && sidecar.namespace().equals(root) && mesh == null) {
                mesh = sidecar;
            }
        }
        return whole == null ? mesh : whole;
    }

    /**
     * Changes of EnvoyFilters for a proxy, in the order of applying them: by priority, then the mesh's before those of the
     * proxy's namespace, then by age.
     *
     * @param metadata of the proxy's node
     */
    public List<EnvoyPatch> patches(String namespace, Map<String, String> labels, Map<String, String> metadata) {
        return envoyFilters(namespace, labels).stream()
                .flatMap(filter -> envoyPatches.getOrDefault(filter.objectName(), List.of()).stream())
                .filter(patch -> patch.isFor(metadata))
                .toList();
    }

    /** The EnvoyFilters that change a proxy with this metadata of its node. */
    public List<ConfigObject<EnvoyFilter>> envoyFilters(
            String namespace, Map<String, String> labels, Map<String, String> metadata) {
        return envoyFilters(namespace, labels).stream()
                .filter(filter -> envoyPatches.getOrDefault(filter.objectName(), List.of()).stream()
                        .anyMatch(patch -> patch.isFor(metadata)))
                .toList();
    }

    /** The EnvoyFilters that select a workload, whatever they ask of its proxy. */
    public List<ConfigObject<EnvoyFilter>> envoyFilters(String namespace, Map<String, String> labels) {
        return envoyFilters.stream()
                .filter(f -> f.namespace().equals(root) || f.namespace().equals(namespace))
                .filter(f -> f.spec().workloadSelector() == null
                        || labels.entrySet()
                                .containsAll(
                                        f.spec().workloadSelector().labels().entrySet()))
                .toList();
    }

    /** Rules that another one keeps from working. */
    public List<Problem> problems() {
        return List.copyOf(problems);
    }
}
