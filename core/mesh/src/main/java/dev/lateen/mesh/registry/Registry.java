package dev.lateen.mesh.registry;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ObjectName;
import dev.lateen.config.networking.ServiceEntry;
import dev.lateen.config.networking.WorkloadEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that can be called, with its endpoints. Immutable, for any thread; endpoints are worked out when first asked for (by several threads at once: then several times).
 */
public final class Registry {
    private static final Comparator<MeshService> OLDEST_FIRST = Comparator.comparing(MeshService::created)
            .thenComparing(MeshService::host)
            .thenComparing(MeshService::namespace)
            .thenComparing(s -> s.source().toString());

    private final List<MeshService> services;
    private final Map<String, List<MeshService>> byHost;
    private final Map<ObjectName, List<Slice>> slices;
    private final Map<ObjectName, ConfigObject<ServiceEntry>> entries;
    private final Map<ObjectName, Workload> workloads;
    private final Map<String, List<ConfigObject<WorkloadEntry>>> entryWorkloads = new HashMap<>();
    private final Map<String, Locality> nodes;
    private final Map<String, Workload> byAddress;
    private final Map<String, List<Workload>> byNamespace;
    private volatile @Nullable Map<String, List<MeshService>> listed;
    private final Map<MeshService, List<Endpoint>> endpoints = new ConcurrentHashMap<>();

    private final boolean placed;
    private final boolean nodeLocal;

    /**
     * @param kubernetes by name of the Service
     * @param slices by name of the EndpointSlice
     * @param workloads by name of the Pod
     * @param entries by name of the ServiceEntry
     * @param entryWorkloads by name of the WorkloadEntry
     * @param nodes where each node of the cluster is, by its name
     */
    public Registry(
            Map<ObjectName, MeshService> kubernetes,
            Map<ObjectName, Slice> slices,
            Map<ObjectName, Workload> workloads,
            Map<ObjectName, ConfigObject<ServiceEntry>> entries,
            Map<ObjectName, ConfigObject<WorkloadEntry>> entryWorkloads,
            Map<String, Locality> nodes) {
        this.entries = entries;
        this.nodes = nodes;
        for (ConfigObject<WorkloadEntry> workload : entryWorkloads.values()) {
            this.entryWorkloads
                    .computeIfAbsent(workload.namespace(), _ -> new ArrayList<>())
                    .add(workload);
        }
        this.entryWorkloads.values().forEach(list -> list.sort(Comparator.comparing(ConfigObject::name)));
        this.workloads = workloads;
        this.services = services(kubernetes.values(), entries.values());
        this.byHost = index(services);
        this.placed = services.stream().anyMatch(service -> !service.nearest().isEmpty());
        this.nodeLocal = services.stream().anyMatch(MeshService::nodeLocal);
        this.slices = byService(slices);
        this.byAddress = new HashMap<>();
        this.byNamespace = new HashMap<>();
        for (Workload workload : workloads.values()) {
            for (String address : workload.addresses()) {
                // Pods of the host's network share an address: the first name wins, so that the answer is stable.
                byAddress.merge(address, workload, (a, b) -> a.name().compareTo(b.name()) <= 0 ? a : b);
            }
            byNamespace
                    .computeIfAbsent(workload.namespace(), _ -> new ArrayList<>())
                    .add(workload);
        }
        byNamespace.values().forEach(list -> list.sort(Comparator.comparing(Workload::name)));
    }

    private static List<MeshService> services(
            Collection<MeshService> kubernetes, Collection<ConfigObject<ServiceEntry>> entries) {
        List<MeshService> all = new ArrayList<>(kubernetes);
        for (ConfigObject<ServiceEntry> entry : entries) {
            all.addAll(Entries.services(entry));
        }
        all.sort(OLDEST_FIRST);
        return AutomaticAddresses.assign(all);
    }

    private static Map<String, List<MeshService>> index(List<MeshService> services) {
        Map<String, List<MeshService>> index = new HashMap<>();
        for (MeshService service : services) {
            index.computeIfAbsent(service.host(), _ -> new ArrayList<>()).add(service);
        }
        // Services of Kubernetes own their names; among the others age counts.
        index.values().forEach(list -> list.sort(Comparator.comparing(MeshService::kind)));
        return index;
    }

    private static Map<ObjectName, List<Slice>> byService(Map<ObjectName, Slice> slices) {
        Map<ObjectName, List<Slice>> index = new HashMap<>();
        for (Slice slice : slices.values()) {
            ObjectName service = new ObjectName("Service", slice.namespace(), slice.service());
            index.computeIfAbsent(service, _ -> new ArrayList<>()).add(slice);
        }
        return index;
    }

    /** Whether any service asks where its callers are. */
    public boolean isPlaced() {
        return placed;
    }

    /** Whether any service has endpoints for callers of their own node alone. */
    public boolean isNodeLocal() {
        return nodeLocal;
    }

    /** All services, the oldest first. */
    public List<MeshService> services() {
        return services;
    }

    /** The services of a host name, the one that wins first. */
    public List<MeshService> services(String host) {
        return byHost.getOrDefault(host, List.of());
    }

    /** The pod with this address, null when there is none. */
    public @Nullable Workload workloadAt(String address) {
        return byAddress.get(address);
    }

    /** Pods of a namespace that have all these labels. */
    public List<Workload> workloads(String namespace, Map<String, String> labels) {
        return byNamespace.getOrDefault(namespace, List.of()).stream()
                .filter(w -> w.labels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }

    /** Every pod. */
    public Collection<Workload> workloads() {
        return workloads.values();
    }

    /** Endpoints of all ports of the service, in {@link Endpoint#ORDER}. */
    public List<Endpoint> endpoints(MeshService service) {
        return endpoints.computeIfAbsent(service, this::find);
    }

    /** Services without a selector that list an endpoint at this address, the oldest first. */
    public List<MeshService> listedAt(String address) {
        Map<String, List<MeshService>> index = listed;
        if (index == null) {
            index = new HashMap<>();
            for (MeshService service : services) {
                if (service.selector().isEmpty()) {
                    for (String at : endpoints(service).stream()
                            .map(Endpoint::address)
                            .distinct()
                            .toList()) {
                        index.computeIfAbsent(at, _ -> new ArrayList<>()).add(service);
                    }
                }
            }
            listed = index;
        }
        return index.getOrDefault(address, List.of());
    }

    private List<Endpoint> find(MeshService service) {
        List<Endpoint> found =
                switch (service.kind()) {
                    case KUBERNETES -> ofSlices(service);
                    case SERVICE_ENTRY -> ofEntry(service);
                };
        found.sort(Endpoint.ORDER);
        return List.copyOf(found);
    }

    private List<Endpoint> ofEntry(MeshService service) {
        ConfigObject<ServiceEntry> entry = entries.get(service.source());
        List<Endpoint> found = new ArrayList<>();
        if (entry != null) {
            found.addAll(Entries.endpoints(entry));
        }
        if (service.selector().isEmpty()) {
            return found;
        }
        for (Workload workload : workloads(service.namespace(), service.selector())) {
            if (workload.ready() && !workload.addresses().isEmpty()) {
                for (MeshPort port : service.ports()) {
                    found.add(endpoint(
                            port.name(),
                            workload.addresses().getFirst(),
                            port.targetNumber(),
                            workload.node(),
                            workload));
                }
            }
        }
        found.addAll(ofWorkloadEntries(service));
        return found;
    }

    private List<Endpoint> ofSlices(MeshService service) {
        // The same address may stand in two slices while a controller moves it from one to the other.
        Map<String, Endpoint> found = new LinkedHashMap<>();
        for (Slice slice : slices.getOrDefault(service.source(), List.of())) {
            for (Slice.Target target : slice.targets()) {
                if (!target.ready() || target.addresses().isEmpty()) {
                    continue;
                }
                String address = target.addresses().getFirst();
                Workload workload = target.pod().isEmpty()
                        ? null
                        : workloads.get(new ObjectName("Pod", slice.namespace(), target.pod()));
                slice.ports()
                        .forEach((name, port) -> found.put(
                                name + " " + address + " " + port,
                                endpoint(name, address, port, target.node(), workload)));
            }
        }
        List<Endpoint> all = new ArrayList<>(found.values());
        all.addAll(ofWorkloadEntries(service));
        return all;
    }

    /** Addresses of a headless service's pods that have a name of their own below the service's, by that name. */
    public Map<String, List<String>> hostNames(MeshService service) {
        Map<String, List<String>> names = new TreeMap<>();
        for (Slice slice : slices.getOrDefault(service.source(), List.of())) {
            for (Slice.Target target : slice.targets()) {
                if (target.ready() && !target.hostname().isEmpty()) {
                    names.merge(target.hostname(), target.addresses(), Registry::joined);
                }
            }
        }
        return names;
    }

    private static List<String> joined(List<String> some, List<String> others) {
        return Stream.concat(some.stream(), others.stream()).distinct().sorted().toList();
    }

    /** WorkloadEntries that the service's selector takes. */
    private List<Endpoint> ofWorkloadEntries(MeshService service) {
        List<Endpoint> found = new ArrayList<>();
        for (ConfigObject<WorkloadEntry> entry : entryWorkloads.getOrDefault(service.namespace(), List.of())) {
            WorkloadEntry spec = entry.spec();
            Map<String, String> labels = new HashMap<>(spec.labels());
            labels.putAll(entry.metadata().labels());
            boolean selected = !service.selector().isEmpty()
                    && labels.entrySet().containsAll(service.selector().entrySet());
            if (selected && !spec.address().isEmpty()) {
                Endpoint.WorkloadName name = new Endpoint.WorkloadName(
                        entry.name(),
                        entry.namespace(),
                        Canonical.name(labels, entry.name()),
                        Canonical.revision(labels));
                for (MeshPort port : service.ports()) {
                    found.add(Entries.endpoint(port.name(), port.targetNumber(), spec, name)
                            .withLabels(labels));
                }
            }
        }
        return found;
    }

    /** Where a workload is. */
    public Locality locality(Workload workload) {
        return Locality.ofPod(workload.labels(), nodes.getOrDefault(workload.node(), Locality.UNKNOWN));
    }

    private Endpoint endpoint(String portName, String address, int port, String node, @Nullable Workload workload) {
        if (workload == null) {
            return new Endpoint(
                    portName, address, port, Map.of(), "", 1, Locality.UNKNOWN, node, Endpoint.WorkloadName.UNKNOWN);
        }
        return new Endpoint(
                portName,
                address,
                port,
                workload.labels(),
                workload.serviceAccount(),
                1,
                locality(workload),
                node.isEmpty() ? workload.node() : node,
                new Endpoint.WorkloadName(
                        workload.owner(),
                        workload.namespace(),
                        Canonical.name(workload.labels(), workload.owner()),
                        Canonical.revision(workload.labels())));
    }
}
