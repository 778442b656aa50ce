package dev.lateen.control;

import dev.lateen.control.status.ProxyState;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Registry;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.xds.server.ClientStatus;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Pages of what can be called: services, their endpoints, and whose services the proxies' workloads are. */
final class RegistryPages {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** A pod's label by which callers know that it takes mutual TLS. */
    private static final String TLS_MODE = "security.istio.io/tlsMode";

    private final Supplier<Snapshot> snapshot;
    private final Supplier<List<ClientStatus>> proxies;

    RegistryPages(Supplier<Snapshot> snapshot, Supplier<List<ClientStatus>> proxies) {
        this.snapshot = snapshot;
        this.proxies = proxies;
    }

    Map<String, HttpPages.Page> pages() {
        return Map.of(
                "registryz", _ -> DebugPages.json(registryz()),
                "endpointz", _ -> DebugPages.json(endpointz()),
                "endpointShardz", _ -> DebugPages.json(shards()),
                "instancesz", _ -> DebugPages.json(instances()));
    }

    private JsonNode registryz() {
        ArrayNode all = NODES.arrayNode();
        registry().services().forEach(service -> all.add(service(service)));
        return all;
    }

    private static ObjectNode service(MeshService service) {
        ObjectNode one = NODES.objectNode();
        one.put("hostname", service.host());
        ObjectNode attributes = one.putObject("Attributes");
        attributes.put("Name", service.source().name());
        attributes.put("Namespace", service.namespace());
        attributes.put("ServiceRegistry", provider(service));
        ObjectNode seenBy = attributes.putObject("ExportTo");
        service.exportTo().forEach(seenBy::putObject);
        ObjectNode selector = attributes.putObject("LabelSelectors");
        service.selector().forEach(selector::put);
        if (!service.published().isEmpty()) {
            addresses(attributes, "ClusterExternalAddresses", service.published());
        }
        attributes.put("NodeLocal", service.nodeLocal());
        one.put("creationTime", service.created().toString());
        one.put("MeshExternal", service.external());
        one.put("Resolution", resolution(service));
        addresses(one, "clusterVIPs", service.addresses());
        one.put(
                "defaultAddress",
                service.addresses().isEmpty() ? "0.0.0.0" : service.addresses().getFirst());
        for (String made : service.automatic()) {
            one.put(made.indexOf(':') < 0 ? "autoAllocatedIPv4Address" : "autoAllocatedIPv6Address", made);
        }
        ArrayNode ports = one.putArray("ports");
        service.ports().forEach(port -> ports.addObject()
                .put("name", port.name())
                .put("port", port.number())
                .put("protocol", port.protocol().toString()));
        return one;
    }

    private static String provider(MeshService service) {
        return switch (service.kind()) {
            case KUBERNETES -> "Kubernetes";
            case SERVICE_ENTRY -> "External";
        };
    }

    /** The number of Istio's own enumeration (pilot/pkg/model, Resolution), whose fourth means an alias. */
    private static int resolution(MeshService service) {
        return switch (service.resolution()) {
            case ENDPOINTS -> 0;
            case DNS -> 1;
            case PASSTHROUGH -> 2;
            case DNS_ROUND_ROBIN -> 3;
            case BY_REQUEST -> 5;
        };
    }

    private static void addresses(ObjectNode into, String name, List<String> addresses) {
        ArrayNode list = into.putObject(name).putObject("Addresses").putArray(DebugPages.CLUSTER);
        addresses.forEach(list::add);
    }

    private JsonNode endpointz() {
        ArrayNode all = NODES.arrayNode();
        Registry registry = registry();
        for (MeshService service : registry.services()) {
            ObjectNode one = all.addObject();
            one.put("svc", service.host());
            ArrayNode endpoints = one.putArray("ep");
            for (Endpoint endpoint : registry.endpoints(service)) {
                endpoints
                        .addObject()
                        .put("servicePortName", endpoint.portName())
                        .put("address", endpoint.address())
                        .put("endpointPort", endpoint.port())
                        .put("serviceAccount", endpoint.serviceAccount())
                        .set("labels", labels(endpoint));
            }
        }
        return all;
    }

    /** By host, then namespace, then {@code PROVIDER/CLUSTER}. */
    private JsonNode shards() {
        ObjectNode all = NODES.objectNode();
        Registry registry = registry();
        for (MeshService service : registry.services()) {
            List<Endpoint> endpoints = registry.endpoints(service);
            if (endpoints.isEmpty()) {
                continue;
            }
            ObjectNode one = all.withObjectProperty(service.host()).withObjectProperty(service.namespace());
            ArrayNode shard =
                    one.withObjectProperty("Shards").withArrayProperty(provider(service) + "/" + DebugPages.CLUSTER);
            endpoints.forEach(endpoint -> shard.add(endpoint(endpoint)));
            ObjectNode accounts = one.withObjectProperty("ServiceAccounts");
            endpoints.stream()
                    .map(Endpoint::serviceAccount)
                    .filter(account -> !account.isEmpty())
                    .forEach(account -> accounts.withObjectProperty(account));
        }
        return all;
    }

    private static ObjectNode endpoint(Endpoint endpoint) {
        ObjectNode one = NODES.objectNode();
        one.set("Labels", labels(endpoint));
        one.putArray("Addresses").add(endpoint.address());
        one.put("ServicePortName", endpoint.portName());
        one.put("ServiceAccount", endpoint.serviceAccount());
        one.put("Network", "");
        one.putObject("Locality")
                .put("Label", endpoint.locality().toString().replaceAll("/+$", ""))
                .put("ClusterID", DebugPages.CLUSTER);
        one.put("EndpointPort", endpoint.port());
        one.put("LbWeight", endpoint.weight());
        one.put("TLSMode", endpoint.labels().getOrDefault(TLS_MODE, "disabled"));
        one.put("Namespace", endpoint.workload().namespace());
        one.put("WorkloadName", endpoint.workload().name());
        one.put("NodeName", endpoint.node());
        return one;
    }

    private static JsonNode labels(Endpoint endpoint) {
        return JsonMapper.shared().valueToTree(endpoint.labels());
    }

    /** By proxy, the services and ports that lead to its workload. */
    private JsonNode instances() {
        ObjectNode all = NODES.objectNode();
        Registry registry = registry();
        for (ClientStatus client : proxies.get()) {
            ArrayNode list = all.putArray(ProxyState.name(client.node()));
            Workload workload = registry.workloadAt(ProxyNode.of(client.node()).address());
            if (workload == null) {
                continue;
            }
            for (MeshService service : registry.services()) {
                boolean selects = !service.selector().isEmpty()
                        && service.namespace().equals(workload.namespace())
                        && workload.labels()
                                .entrySet()
                                .containsAll(service.selector().entrySet());
                if (selects) {
                    service.ports().forEach(port -> list.add(instance(service, port, workload)));
                }
            }
        }
        return all;
    }

    private static ObjectNode instance(MeshService service, MeshPort port, Workload workload) {
        ObjectNode one = NODES.objectNode();
        one.set("Service", service(service));
        int target = port.targetNumber();
        one.putObject("Port")
                .put("name", port.name())
                .put("port", port.number())
                .put("protocol", port.protocol().toString())
                .put("TargetPort", target == 0 ? workload.ports().getOrDefault(port.target(), 0) : target);
        return one;
    }

    private Registry registry() {
        return snapshot.get().registry();
    }
}
