package dev.lateen.control;

import com.google.protobuf.Any;
import dev.lateen.config.ConfigWriter;
import dev.lateen.control.secret.ProxySecrets;
import dev.lateen.control.status.ProxyState;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.XdsJson;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.EncodedResource;
import dev.lateen.xds.server.ResourceSet;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the control plane knows and has sent, as JSON under Istio's paths (/debug/…). Reads only. */
final class DebugPages {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** The name of the only cluster, as Istio has it where nothing else is said. */
    private static final String CLUSTER = "Kubernetes";

    private static final Map<String, String> SYNCZ = Map.of(
            ResourceType.CLUSTER, "cluster",
            ResourceType.ENDPOINT, "endpoint",
            ResourceType.LISTENER, "listener",
            ResourceType.ROUTE, "route",
            ResourceType.EXTENSION, "extensionconfig");

    static final String PREFIX = "/debug/";

    private final Distribution distribution;
    private final ProxySecrets secrets;
    private final ProblemBoard problems;
    private final Supplier<List<ClientStatus>> clients;

    DebugPages(
            Distribution distribution,
            ProxySecrets secrets,
            ProblemBoard problems,
            Supplier<List<ClientStatus>> clients) {
        this.distribution = distribution;
        this.secrets = secrets;
        this.problems = problems;
        this.clients = clients;
    }

    Map<String, HttpPages.Page> pages() {
        Map<String, HttpPages.Page> pages = new TreeMap<>();
        pages.put("/debug/syncz", query -> json(syncz()));
        pages.put("/debug/adsz", query -> json(adsz()));
        pages.put("/debug/registryz", query -> json(registryz()));
        pages.put("/debug/endpointz", query -> json(endpointz()));
        pages.put("/debug/configz", query -> json(configz()));
        pages.put("/debug/problems", query -> json(problems()));
        pages.put("/debug/config_dump", this::configDump);
        pages.put("/debug/secrets", query -> json(secrets()));
        List<String> names = pages.keySet().stream()
                .map(path -> path.substring(PREFIX.length()))
                .toList();
        pages.put(PREFIX + "list", query -> json(JSON.valueToTree(names)));
        return pages;
    }

    private JsonNode syncz() {
        ArrayNode all = NODES.arrayNode();
        for (ClientStatus client : clients.get()) {
            ObjectNode one = all.addObject();
            one.put("cluster_id", metadata(client.node(), "CLUSTER_ID", CLUSTER));
            one.put("proxy", ProxyState.name(client.node()));
            one.put("proxy_type", client.node().getId().split("~", 2)[0]);
            one.put("istio_version", metadata(client.node(), "ISTIO_VERSION", ""));
            for (TypeStatus type : client.types()) {
                String name = SYNCZ.get(type.type());
                if (name != null) {
                    one.put(name + "_sent", type.sent());
                    one.put(name + "_acked", type.acked());
                    if (!type.rejection().isEmpty()) {
                        one.put(name + "_rejected", type.rejection());
                    }
                }
            }
        }
        return all;
    }

    /** Keys and certificates that proxies asked for and did not get, and why. */
    private JsonNode secrets() {
        ObjectNode all = NODES.objectNode();
        secrets.missing().forEach((node, missing) -> {
            ObjectNode one = all.putObject(node);
            missing.forEach(one::put);
        });
        return all;
    }

    private JsonNode adsz() {
        ObjectNode page = NODES.objectNode();
        List<ClientStatus> all = clients.get();
        page.put("totalClients", all.size());
        ArrayNode list = page.putArray("clients");
        for (ClientStatus client : all) {
            ObjectNode one = list.addObject();
            one.put("connectionId", client.connectionId());
            one.put("connectedAt", client.connectedAt().toString());
            one.put("address", client.address());
            one.put("node", client.node().getId());
            one.put("delta", client.delta());
            ObjectNode watches = one.putObject("watches");
            for (TypeStatus type : client.types()) {
                ObjectNode watch = watches.putObject(type.type());
                watch.put("wildcard", type.wildcard());
                watch.put("subscribed", type.subscribed());
                watch.put("synced", type.synced());
                watch.put("generation", type.generation());
                watch.put("ackedGeneration", type.ackedGeneration());
                watch.put("rejection", type.rejection());
            }
        }
        return page;
    }

    private JsonNode registryz() {
        ArrayNode all = NODES.arrayNode();
        for (MeshService service : distribution.snapshot().registry().services()) {
            ObjectNode one = all.addObject();
            one.put("hostname", service.host());
            ObjectNode attributes = one.putObject("Attributes");
            attributes.put("Name", service.source().name());
            attributes.put("Namespace", service.namespace());
            attributes.put(
                    "ServiceRegistry",
                    switch (service.kind()) {
                        case KUBERNETES -> "Kubernetes";
                        case SERVICE_ENTRY -> "External";
                    });
            ObjectNode seenBy = attributes.putObject("ExportTo");
            service.exportTo().forEach(seenBy::putObject);
            ObjectNode selector = attributes.putObject("LabelSelectors");
            service.selector().forEach(selector::put);
            one.put("MeshExternal", service.external());
            one.put("resolution", service.resolution().toString());
            ArrayNode addresses =
                    one.putObject("clusterVIPs").putObject("Addresses").putArray(CLUSTER);
            service.addresses().forEach(addresses::add);
            ArrayNode ports = one.putArray("ports");
            service.ports().forEach(port -> ports.addObject()
                    .put("name", port.name())
                    .put("port", port.number())
                    .put("protocol", port.protocol().toString()));
        }
        return all;
    }

    private JsonNode endpointz() {
        ArrayNode all = NODES.arrayNode();
        Snapshot snapshot = distribution.snapshot();
        for (MeshService service : snapshot.registry().services()) {
            ObjectNode one = all.addObject();
            one.put("svc", service.host());
            ArrayNode endpoints = one.putArray("ep");
            for (Endpoint endpoint : snapshot.registry().endpoints(service)) {
                endpoints
                        .addObject()
                        .put("servicePortName", endpoint.portName())
                        .put("address", endpoint.address())
                        .put("endpointPort", endpoint.port())
                        .put("serviceAccount", endpoint.serviceAccount())
                        .set("labels", JSON.valueToTree(endpoint.labels()));
            }
        }
        return all;
    }

    private JsonNode configz() {
        ArrayNode all = NODES.arrayNode();
        distribution.snapshot().config().values().forEach(object -> all.add(ConfigWriter.toTree(object)));
        return all;
    }

    private JsonNode problems() {
        ArrayNode all = NODES.arrayNode();
        problems.all().forEach((object, list) -> {
            ArrayNode lines = all.addObject().put("object", object.toString()).putArray("problems");
            list.forEach(problem -> lines.add(problem.toString()));
        });
        return all;
    }

    /** Everything that a proxy would get now, by type, in push order; {@code proxyID} is {@code POD.NAMESPACE}. */
    private HttpPages.Answer configDump(Map<String, String> query) {
        String wanted = query.getOrDefault("proxyID", "");
        List<ClientStatus> all = clients.get();
        var client = all.stream()
                .filter(each -> ProxyState.name(each.node()).equals(wanted))
                .findFirst();
        if (client.isEmpty()) {
            return HttpPages.Answer.text(
                    404,
                    "no proxy \"" + wanted + "\" is connected; say proxyID= one of\n"
                            + String.join(
                                    "\n",
                                    all.stream()
                                            .map(each -> ProxyState.name(each.node()))
                                            .sorted()
                                            .toList())
                            + "\n");
        }
        ResourceSet resources = distribution.resourcesFor(client.get().node());
        ObjectNode page = NODES.objectNode();
        resources.byType().entrySet().stream()
                .sorted(Map.Entry.comparingByKey(ResourceType.PUSH_ORDER))
                .forEach(entry -> {
                    ArrayNode list = page.putArray(ResourceType.shortName(entry.getKey()));
                    for (EncodedResource resource : entry.getValue().values()) {
                        Any body = resource.body();
                        ObjectNode one = list.addObject();
                        one.put("name", resource.name());
                        one.put("version", resource.version());
                        one.set("resource", JSON.readTree(XdsJson.print(body)));
                    }
                });
        return json(page);
    }

    private static String metadata(Node node, String key, String otherwise) {
        var value = node.getMetadata().getFieldsMap().get(key);
        return value == null ? otherwise : value.getStringValue();
    }

    private static HttpPages.Answer json(JsonNode page) {
        return HttpPages.Answer.json(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(page) + "\n");
    }
}
