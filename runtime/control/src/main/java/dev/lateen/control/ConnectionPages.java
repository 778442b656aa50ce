package dev.lateen.control;

import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.control.status.ProxyState;
import dev.lateen.control.status.StatusBoard;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.XdsJson;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Pages of the connected proxies: who they are, what they ask for, and how far they are. */
final class ConnectionPages {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private static final Map<String, String> SYNCZ = Map.of(
            ResourceType.CLUSTER, "cluster",
            ResourceType.ENDPOINT, "endpoint",
            ResourceType.LISTENER, "listener",
            ResourceType.ROUTE, "route",
            ResourceType.EXTENSION, "extensionconfig");

    /** Those that istiod tells of objects. */
    private static final List<String> DISTRIBUTED =
            List.of(ResourceType.CLUSTER, ResourceType.ENDPOINT, ResourceType.LISTENER, ResourceType.ROUTE);

    private final Supplier<List<ClientStatus>> proxies;
    private final StatusBoard status;

    ConnectionPages(Supplier<List<ClientStatus>> proxies, StatusBoard status) {
        this.proxies = proxies;
        this.status = status;
    }

    Map<String, HttpPages.Page> pages() {
        return Map.of(
                "syncz", _ -> DebugPages.json(syncz()),
                "adsz", _ -> DebugPages.json(clients(true)),
                "connections", _ -> DebugPages.json(clients(false)),
                "config_distribution", this::distribution);
    }

    private JsonNode syncz() {
        ArrayNode all = NODES.arrayNode();
        for (ClientStatus client : proxies.get()) {
            ObjectNode one = all.addObject();
            one.put("cluster_id", metadata(client.node(), "CLUSTER_ID", DebugPages.CLUSTER));
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

    /** @param watching with what they ask for, by type: names, of which there are none where all are meant */
    private JsonNode clients(boolean watching) {
        List<ClientStatus> all = proxies.get();
        ObjectNode page = NODES.objectNode();
        page.put("totalClients", all.size());
        ArrayNode list = page.putArray("clients");
        for (ClientStatus client : all) {
            ObjectNode one = list.addObject();
            one.put("connectionId", client.connectionId());
            one.put("connectedAt", client.connectedAt().toString());
            one.put("address", client.address());
            if (watching) {
                watches(client, one);
            }
        }
        return page;
    }

    private static void watches(ClientStatus client, ObjectNode one) {
        JsonNode metadata =
                JsonMapper.shared().readTree(XdsJson.print(client.node().getMetadata()));
        one.set("labels", metadata.path("LABELS").isObject() ? metadata.path("LABELS") : NODES.objectNode());
        one.set("metadata", metadata);
        one.put("node", client.node().getId());
        one.put("delta", client.delta());
        ObjectNode watches = one.putObject("watches");
        ObjectNode states = one.putObject("states");
        Map<String, Map<String, String>> sent = client.sent();
        for (TypeStatus type : client.types()) {
            ArrayNode names = watches.putArray(type.type());
            if (!type.wildcard()) {
                sent.getOrDefault(type.type(), Map.of()).keySet().forEach(names::add);
            }
            ObjectNode state = states.putObject(type.type());
            state.put("wildcard", type.wildcard());
            state.put("subscribed", type.subscribed());
            state.put("synced", type.synced());
            state.put("generation", type.generation());
            state.put("ackedGeneration", type.ackedGeneration());
            state.put("rejection", type.rejection());
        }
    }

    /**
     * Which generation of an object each proxy has accepted, of each type, empty for an older one; what {@code istioctl
     * wait} counts. {@code resource} is {@code GROUP/VERSION/KIND/NAMESPACE/NAME}; {@code proxy_namespace} narrows it.
     */
    private HttpPages.Answer distribution(Map<String, String> query) {
        String[] parts = query.getOrDefault("resource", "").split("/", -1);
        if (parts.length != 5) {
            return HttpPages.Answer.text(
                    422, "querystring parameter 'resource' is required: GROUP/VERSION/KIND/NAMESPACE/NAME\n");
        }
        ObjectName object = Kinds.find(parts[0], parts[2])
                .map(kind -> new ObjectName(kind.key(), parts[3], parts[4]))
                .orElse(null);
        if (object == null) {
            return HttpPages.Answer.text(404, "the mesh has no kind " + parts[2] + " of group " + parts[0] + "\n");
        }
        StatusBoard.Shown shown = status.shown(object);
        String namespace = query.getOrDefault("proxy_namespace", "");
        ArrayNode all = NODES.arrayNode();
        for (ClientStatus client : proxies.get()) {
            if (namespace.isEmpty() || ProxyState.name(client.node()).endsWith("." + namespace)) {
                ObjectNode one = all.addObject().put("proxy", ProxyState.name(client.node()));
                for (String type : DISTRIBUTED) {
                    one.put(
                            SYNCZ.get(type) + "_acked",
                            shown != null && accepted(client, type) >= shown.since()
                                    ? Long.toString(shown.generation())
                                    : "");
                }
            }
        }
        return DebugPages.json(all);
    }

    /** Generation of the newest snapshot whose resources of the type the proxy has; -1 if it has none. */
    private static long accepted(ClientStatus client, String wanted) {
        // Asked before the types, as what is sent in between can only make the proxy look late then.
        long newest = client.generation();
        for (TypeStatus type : client.types()) {
            if (type.type().equals(wanted)) {
                return type.synced() ? newest : type.ackedGeneration();
            }
        }
        return -1;
    }

    private static String metadata(Node node, String key, String otherwise) {
        var value = node.getMetadata().getFieldsMap().get(key);
        return value == null ? otherwise : value.getStringValue();
    }
}
