package dev.lateen.mesh.registry;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.ServiceEntry;
import dev.lateen.config.networking.ServiceEntry.Location;
import dev.lateen.config.networking.ServiceEntry.Resolution;
import dev.lateen.config.networking.ServiceEntry.ServicePort;
import dev.lateen.config.networking.WorkloadEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads services and endpoints out of ServiceEntries. */
final class Entries {
    private Entries() {}

    /** One service for each host. */
    static List<MeshService> services(ConfigObject<ServiceEntry> entry) {
        ServiceEntry spec = entry.spec();
        List<MeshPort> ports = spec.ports().stream().map(Entries::port).toList();
        Instant created = entry.metadata().creationTimestamp();
        List<MeshService> services = new ArrayList<>();
        for (String host : spec.hosts()) {
            String name = host.toLowerCase(Locale.ROOT);
            services.add(new MeshService(
                    name,
                    entry.namespace(),
                    MeshService.Kind.SERVICE_ENTRY,
                    spec.addresses(),
                    List.of(),
                    List.of(),
                    List.of(),
                    ports,
                    resolution(spec.resolution()),
                    name,
                    spec.location() == Location.MESH_EXTERNAL,
                    spec.exportTo(),
                    spec.workloadSelector() == null
                            ? Map.of()
                            : spec.workloadSelector().labels(),
                    created == null ? Instant.EPOCH : created,
                    entry.objectName(),
                    spec.subjectAltNames(),
                    List.of(),
                    false,
                    "",
                    false));
        }
        return services;
    }

    private static MeshPort port(ServicePort port) {
        Protocol protocol = port.protocol().isEmpty()
                ? Protocol.ofServicePort(port.number(), port.name(), "TCP", "")
                : Protocol.parse(port.protocol());
        String target = port.targetPort() == 0 ? "" : Integer.toString(port.targetPort());
        return new MeshPort(port.number(), port.name(), protocol, target);
    }

    private static MeshService.Resolution resolution(Resolution resolution) {
        return switch (resolution) {
            case NONE -> MeshService.Resolution.PASSTHROUGH;
            case STATIC -> MeshService.Resolution.ENDPOINTS;
            case DNS -> MeshService.Resolution.DNS;
            case DYNAMIC_DNS -> MeshService.Resolution.BY_REQUEST;
            case DNS_ROUND_ROBIN -> MeshService.Resolution.DNS_ROUND_ROBIN;
        };
    }

    /** The endpoints that the entry itself lists, for each of its ports. */
    static List<Endpoint> endpoints(ConfigObject<ServiceEntry> entry) {
        List<Endpoint> endpoints = new ArrayList<>();
        // Its account is one of the entry's namespace, whose rules of mutual TLS hold for it.
        Endpoint.WorkloadName name = new Endpoint.WorkloadName("", entry.namespace(), "", "");
        for (ServicePort port : entry.spec().ports()) {
            for (WorkloadEntry workload : entry.spec().endpoints()) {
                if (!workload.address().isEmpty()) {
                    int target = port.targetPort() == 0 ? port.number() : port.targetPort();
                    endpoints.add(endpoint(port.name(), target, workload, name));
                }
            }
        }
        return endpoints;
    }

    /**
     * An endpoint for a port of a service.
     *
     * @param target the port, unless the workload names another one
     */
    static Endpoint endpoint(String portName, int target, WorkloadEntry workload, Endpoint.WorkloadName name) {
        return new Endpoint(
                portName,
                workload.address(),
                workload.ports().getOrDefault(portName, target),
                workload.labels(),
                workload.serviceAccount(),
                Math.max(1, workload.weight()),
                Locality.parse(workload.locality()),
                "",
                name);
    }
}
