package dev.lateen.mesh;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.mesh.gatewayapi.Conversion;
import dev.lateen.mesh.gatewayapi.Converter;
import dev.lateen.mesh.registry.Kubernetes;
import dev.lateen.mesh.registry.Locality;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Registry;
import dev.lateen.mesh.registry.Slice;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.mesh.rules.Rules;
import dev.lateen.mesh.security.FetchedKeys;
import dev.lateen.mesh.security.TrustBundle;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Everything the control plane knows at one moment. Immutable, for any thread. A changed snapshot shares with the former
 * one all that did not change:
 *
 * <pre>{@code
 * Snapshot next = snapshot.change().put(service).put(virtualService).remove(name).apply();
 * }</pre>
 */
public final class Snapshot {
    /** DNS domain of the cluster unless told otherwise. */
    public static final String CLUSTER_DOMAIN = "cluster.local";

    private final String domain;
    private final MeshConfig mesh;
    private final Map<ObjectName, MeshService> services;
    private final Map<ObjectName, Slice> slices;
    private final Map<ObjectName, Workload> workloads;
    private final Map<String, Map<String, String>> namespaces;
    private final Map<ObjectName, List<String>> unreadAnnotations;
    private final Map<String, Locality> nodes;
    private final Map<ObjectName, TrustBundle> bundles;
    private final Map<ObjectName, ConfigObject<?>> config;
    private final FetchedKeys fetchedKeys;
    private final Registry registry;
    private final Rules rules;
    private final Derived derived;

    private Snapshot(
            String domain,
            MeshConfig mesh,
            Map<ObjectName, MeshService> services,
            Map<ObjectName, Slice> slices,
            Map<ObjectName, Workload> workloads,
            Map<String, Map<String, String>> namespaces,
            Map<ObjectName, List<String>> unreadAnnotations,
            Map<String, Locality> nodes,
            Map<ObjectName, TrustBundle> bundles,
            Map<ObjectName, ConfigObject<?>> config,
            FetchedKeys fetchedKeys,
            Registry registry,
            Rules rules,
            Derived derived) {
        this.domain = domain;
        this.mesh = mesh;
        this.services = services;
        this.slices = slices;
        this.workloads = workloads;
        this.namespaces = namespaces;
        this.unreadAnnotations = unreadAnnotations;
        this.nodes = nodes;
        this.bundles = bundles;
        this.config = config;
        this.fetchedKeys = fetchedKeys;
        this.registry = registry;
        this.rules = rules;
        this.derived = derived;
    }

    /** A snapshot of nothing, of a cluster with domain {@code cluster.local}. */
    public static Snapshot empty() {
        return empty(CLUSTER_DOMAIN);
    }

    /** A snapshot of nothing. */
    public static Snapshot empty(String domain) {
        Registry registry = new Registry(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());
        Rules rules =
                new Rules(List.of(), domain, MeshConfig.defaults().effectiveRootNamespace(), Conversion.NONE, null);
        return new Snapshot(
                domain,
                MeshConfig.defaults(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                FetchedKeys.NONE,
                registry,
                rules,
                new Derived());
    }

    public String domain() {
        return domain;
    }

    public MeshConfig mesh() {
        return mesh;
    }

    public Registry registry() {
        return registry;
    }

    public Rules rules() {
        return rules;
    }

    /** Keys of issuers of tokens. */
    public FetchedKeys fetchedKeys() {
        return fetchedKeys;
    }

    /** What was worked out of this snapshot for those who asked. */
    public Derived derived() {
        return derived;
    }

    /** Every object of a custom kind, by name. */
    public Map<ObjectName, ConfigObject<?>> config() {
        return java.util.Collections.unmodifiableMap(config);
    }

    /** Labels of every namespace that the snapshot knows, by name. */
    public Map<String, Map<String, String>> namespaces() {
        return java.util.Collections.unmodifiableMap(namespaces);
    }

    /** Labels of a namespace, null when the snapshot does not know it. */
    public @Nullable Map<String, String> namespaceLabels(String name) {
        return namespaces.get(name);
    }

    /** Names of Istio's annotations that nothing here acts on, by Service, Pod or Namespace that has some. */
    public Map<ObjectName, List<String>> unreadAnnotations() {
        return java.util.Collections.unmodifiableMap(unreadAnnotations);
    }

    /** Conflicts among objects, where one of them stands back. */
    public List<Problem> problems() {
        return rules.problems();
    }

    /** Begins a change; the snapshot itself stays as it is. */
    public Change change() {
        return new Change(this);
    }

    /** Gathers changes for one thread, then makes the next snapshot. */
    public static final class Change {
        private final Snapshot base;
        private MeshConfig mesh;
        private Map<ObjectName, MeshService> services;
        private Map<ObjectName, Slice> slices;
        private Map<ObjectName, Workload> workloads;
        private Map<String, Map<String, String>> namespaces;
        private Map<ObjectName, List<String>> unreadAnnotations;
        private Map<String, Locality> nodes;
        private Map<ObjectName, TrustBundle> bundles;
        private Map<ObjectName, ConfigObject<?>> config;
        private FetchedKeys fetchedKeys;
        private boolean entriesChanged;

        private Change(Snapshot base) {
            this.base = base;
            this.mesh = base.mesh;
            this.services = base.services;
            this.slices = base.slices;
            this.workloads = base.workloads;
            this.namespaces = base.namespaces;
            this.unreadAnnotations = base.unreadAnnotations;
            this.nodes = base.nodes;
            this.bundles = base.bundles;
            this.config = base.config;
            this.fetchedKeys = base.fetchedKeys;
        }

        /** Replaces all keys of issuers. */
        public Change keys(FetchedKeys keys) {
            this.fetchedKeys = keys;
            return this;
        }

        public Change mesh(MeshConfig config) {
            this.mesh = config;
            return this;
        }

        /** Adds or replaces a Service. */
        public Change put(Service service) {
            MeshService read = Kubernetes.service(service, base.domain);
            services = with(services, base.services, read.source(), read);
            annotated(read.source(), Kubernetes.unreadAnnotations(service));
            return this;
        }

        /** Adds or replaces an EndpointSlice. */
        public Change put(EndpointSlice slice) {
            ObjectName name = new ObjectName(
                    "EndpointSlice",
                    Objects.requireNonNullElse(slice.getMetadata().getNamespace(), "default"),
                    slice.getMetadata().getName());
            slices = with(slices, base.slices, name, Kubernetes.slice(slice));
            return this;
        }

        /** Adds or replaces a Pod. */
        public Change put(Pod pod) {
            Workload read = Kubernetes.workload(pod);
            ObjectName name = new ObjectName("Pod", read.namespace(), read.name());
            workloads = with(workloads, base.workloads, name, read);
            annotated(name, Kubernetes.unreadAnnotations(pod));
            return this;
        }

        /** Adds or replaces a Namespace. */
        public Change put(Namespace namespace) {
            Map<String, String> labels = namespace.getMetadata().getLabels();
            namespaces = with(
                    namespaces,
                    base.namespaces,
                    namespace.getMetadata().getName(),
                    labels == null ? Map.of() : Map.copyOf(labels));
            annotated(
                    new ObjectName("Namespace", "", namespace.getMetadata().getName()),
                    Kubernetes.unreadAnnotations(namespace));
            return this;
        }

        private void annotated(ObjectName name, List<String> unread) {
            unreadAnnotations = with(unreadAnnotations, base.unreadAnnotations, name, unread.isEmpty() ? null : unread);
        }

        /** Adds or replaces a Node. */
        public Change put(Node node) {
            Map<String, String> labels = node.getMetadata().getLabels();
            nodes = with(
                    nodes,
                    base.nodes,
                    node.getMetadata().getName(),
                    labels == null ? Locality.UNKNOWN : Locality.ofNode(labels));
            return this;
        }

        /** Adds or replaces a ConfigMap with roots. */
        public Change put(ConfigMap map) {
            ObjectName name = new ObjectName(
                    "ConfigMap",
                    Objects.requireNonNullElse(map.getMetadata().getNamespace(), "default"),
                    map.getMetadata().getName());
            bundles = with(bundles, base.bundles, name, TrustBundle.of(map));
            return this;
        }

        /** Adds or replaces an object of a custom kind. */
        public Change put(ConfigObject<?> object) {
            ConfigObject<?> known = config.get(object.objectName());
            if (known != null && meansTheSame(known, object)) {
                return this;
            }
            entriesChanged |= isPlace(object.kind().name());
            config = with(config, base.config, object.objectName(), object);
            return this;
        }

        /** Whether services or endpoints come from objects of the kind. */
        private static boolean isPlace(String kind) {
            return kind.equals(Kinds.SERVICE_ENTRY.name()) || kind.equals(Kinds.WORKLOAD_ENTRY.name());
        }

        /** A new status or resource version alone changes nothing for the mesh. */
        private static boolean meansTheSame(ConfigObject<?> a, ConfigObject<?> b) {
            return a.spec().equals(b.spec())
                    && a.origin().equals(b.origin())
                    && a.metadata().generation() == b.metadata().generation()
                    && a.metadata().labels().equals(b.metadata().labels())
                    && a.metadata().annotations().equals(b.metadata().annotations())
                    && Objects.equals(
                            a.metadata().creationTimestamp(), b.metadata().creationTimestamp());
        }

        /** Removes an object of any kind by name; what is not there stays away. */
        public Change remove(ObjectName name) {
            switch (name.kind()) {
                case "Service" -> {
                    services = with(services, base.services, name, null);
                    annotated(name, List.of());
                }
                case "EndpointSlice" -> slices = with(slices, base.slices, name, null);
                case "Pod" -> {
                    workloads = with(workloads, base.workloads, name, null);
                    annotated(name, List.of());
                }
                case "Namespace" -> {
                    namespaces = with(namespaces, base.namespaces, name.name(), null);
                    annotated(new ObjectName("Namespace", "", name.name()), List.of());
                }
                case "Node" -> nodes = with(nodes, base.nodes, name.name(), null);
                case "ConfigMap" -> bundles = with(bundles, base.bundles, name, null);
                default -> {
                    entriesChanged |= isPlace(name.kind()) && config.containsKey(name);
                    config = with(config, base.config, name, null);
                }
            }
            return this;
        }

        /** The next snapshot; the former one itself when nothing that counts has changed. */
        @SuppressWarnings("ReferenceEquality")
        public Snapshot apply() {
            boolean places = services != base.services
                    || slices != base.slices
                    || workloads != base.workloads
                    || nodes != base.nodes;
            if (!places
                    && namespaces == base.namespaces
                    && unreadAnnotations == base.unreadAnnotations
                    && config == base.config
                    && bundles == base.bundles
                    && mesh.equals(base.mesh)
                    && fetchedKeys.equals(base.fetchedKeys)) {
                return base;
            }
            Registry registry = places || entriesChanged
                    ? new Registry(
                            services,
                            slices,
                            workloads,
                            Rules.select(config.values(), Kinds.SERVICE_ENTRY),
                            Rules.select(config.values(), Kinds.WORKLOAD_ENTRY),
                            nodes)
                    : base.registry;
            boolean root = mesh.effectiveRootNamespace().equals(base.mesh.effectiveRootNamespace());
            boolean converts = (places || entriesChanged || namespaces != base.namespaces || bundles != base.bundles)
                    && Converter.concerns(config.values());
            Conversion conversion = config == base.config && !converts
                    ? base.rules.ofKubernetes()
                    : Converter.of(config.values(), registry, namespaces, bundles, base.domain);
            Rules rules = config == base.config && root && conversion.equals(base.rules.ofKubernetes())
                    ? base.rules
                    : new Rules(config.values(), base.domain, mesh.effectiveRootNamespace(), conversion, base.rules);
            return new Snapshot(
                    base.domain,
                    mesh,
                    services,
                    slices,
                    workloads,
                    namespaces,
                    unreadAnnotations,
                    nodes,
                    bundles,
                    config,
                    fetchedKeys,
                    registry,
                    rules,
                    new Derived(base.derived));
        }

        /** Copies at the first real change only: an update that changes nothing that counts must cost nothing. */
        @SuppressWarnings("ReferenceEquality")
        private static <K, V> Map<K, V> with(Map<K, V> current, Map<K, V> base, K key, @Nullable V value) {
            if (Objects.equals(current.get(key), value)) {
                return current;
            }
            Map<K, V> copy = current == base ? new HashMap<>(current) : current;
            if (value == null) {
                copy.remove(key);
            } else {
                copy.put(key, value);
            }
            return copy;
        }
    }
}
