package dev.lateen.control;

import com.google.protobuf.Message;
import dev.lateen.control.secret.ProxySecrets;
import dev.lateen.control.status.ProxyState;
import dev.lateen.mesh.ProxyResources;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.XdsJson;
import dev.lateen.xds.server.ClientStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Pages of what one proxy would get now; {@code proxyID} is {@code POD.NAMESPACE}. */
final class ProxyPages {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Distribution distribution;
    private final ProxySecrets secrets;
    private final Supplier<List<ClientStatus>> proxies;

    ProxyPages(Distribution distribution, ProxySecrets secrets, Supplier<List<ClientStatus>> proxies) {
        this.distribution = distribution;
        this.secrets = secrets;
        this.proxies = proxies;
    }

    Map<String, HttpPages.Page> pages() {
        return Map.of(
                "config_dump",
                query -> of(
                        query,
                        node -> configDump(
                                node, query.getOrDefault("include_eds", "").equals("true"))),
                "edsz",
                query -> of(query, this::endpoints),
                "ndsz",
                query -> of(query, this::names),
                "secrets",
                _ -> DebugPages.json(secrets()));
    }

    private HttpPages.Answer of(Map<String, String> query, Function<Node, HttpPages.Answer> page) {
        String wanted = query.getOrDefault("proxyID", "");
        List<ClientStatus> all = proxies.get();
        return all.stream()
                .filter(each -> ProxyState.name(each.node()).equals(wanted))
                .findFirst()
                .map(client -> page.apply(client.node()))
                .orElseGet(() -> HttpPages.Answer.text(
                        404,
                        "no proxy \"" + wanted + "\" is connected; say proxyID= one of\n"
                                + String.join(
                                        "\n",
                                        all.stream()
                                                .map(each -> ProxyState.name(each.node()))
                                                .sorted()
                                                .toList())
                                + "\n"));
    }

    /** As Envoy's admin interface dumps it, but for keys and certificates. */
    private HttpPages.Answer configDump(Node node, boolean endpoints) {
        return DebugPages.json(tree(ConfigDumps.whole(distribution.resourcesFor(node), endpoints)));
    }

    private HttpPages.Answer endpoints(Node node) {
        ArrayNode all = NODES.arrayNode();
        distribution.resourcesFor(node).of(ResourceType.ENDPOINT).values().forEach(resource -> {
            JsonNode assignment = tree(resource.body());
            if (assignment instanceof ObjectNode object) {
                object.remove("@type");
            }
            all.add(assignment);
        });
        return DebugPages.json(all);
    }

    private HttpPages.Answer names(Node node) {
        for (Message table :
                distribution.messagesFor(node).of(ProxyResources.NAME_TABLE).values()) {
            return DebugPages.json(tree(table));
        }
        return HttpPages.Answer.text(400, "DNS capture is not enabled in the proxy\n");
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

    private static JsonNode tree(Message message) {
        return JsonMapper.shared().readTree(XdsJson.print(message));
    }
}
