package dev.lateen.control;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.control.status.ProxyState;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceSet;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.admin.v3.UpdateFailureState;
import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ConfigStatus;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a stock {@code istioctl} asks on an ADS stream: how far each proxy is, as a {@link ClientConfig} of Envoy's client
 * status discovery ({@code proxy-status}); what a proxy should have, as Envoy's own dump of it ({@code proxy-status POD});
 * and the pages under {@code /debug} ({@code internal-debug}). Those whose identity is of the mesh's own namespace hear of
 * every proxy, others of the ones of their namespace, and nobody in the clear.
 */
final class DebugQuestions {
    static final String SYNC = "istio.io/debug/syncz";
    static final String DUMP = "istio.io/debug/config_dump";
    static final String PAGE = "istio.io/debug";

    /** What is open to those who may hear of some proxies only. */
    private static final String OWN_PAGE = "config_dump";

    private static final List<String> METADATA = List.of("CLUSTER_ID", "NAMESPACE", "ISTIO_VERSION");

    private static final Value TEXT = Value.newBuilder().setStringValue("").build();

    private final String systemNamespace;
    private final String version;
    private final String instance;
    private final Supplier<List<ClientStatus>> clients;
    private final Function<Node, ResourceSet> resources;
    private final Function<String, HttpPages.@Nullable Page> pages;

    /**
     * @param instance the name of this control plane's pod
     * @param resources what a proxy should have
     * @param pages those of the port of readiness and debugging, by path
     */
    DebugQuestions(
            String systemNamespace,
            String version,
            String instance,
            Supplier<List<ClientStatus>> clients,
            Function<Node, ResourceSet> resources,
            Function<String, HttpPages.@Nullable Page> pages) {
        this.systemNamespace = systemNamespace;
        this.version = version;
        this.instance = instance;
        this.clients = clients;
        this.resources = resources;
        this.pages = pages;
    }

    /** Whether a node is no proxy, but one of Istio's tools: it asks for events, not for configuration. */
    static boolean onlyAsks(Node node) {
        return metadata(node).getOrDefault("GENERATOR", TEXT).getStringValue().equals("event");
    }

    /** Those of the clients that are proxies: Istio's tools are connected too while they ask. */
    static List<ClientStatus> proxies(List<ClientStatus> clients) {
        return clients.stream().filter(client -> !onlyAsks(client.node())).toList();
    }

    /**
     * The answer to a question of this type; null for a type that is none.
     *
     * @param names the proxy, or the page with its query
     */
    @Nullable
    DiscoveryResponse answer(String type, List<String> names, @Nullable PeerIdentity peer) {
        if (!type.equals(SYNC) && !type.equals(DUMP) && !type.equals(PAGE)) {
            return null;
        }
        if (peer == null) {
            throw new SecurityException(type + " is answered to authenticated clients only: ask on port 15012");
        }
        DiscoveryResponse.Builder answer = DiscoveryResponse.newBuilder().setControlPlane(controlPlane());
        String name = names.size() == 1 ? names.getFirst() : "";
        switch (type) {
            case SYNC -> {
                for (ClientStatus client : clients.get()) {
                    if (!client.types().isEmpty() && mayHear(peer, client.node())) {
                        answer.addResources(Any.pack(status(client)));
                    }
                }
            }
            case DUMP ->
                client(name, peer)
                        .ifPresent(client -> answer.addAllResources(ConfigDumps.of(resources.apply(client.node()))));
            default ->
                answer.addResources(
                        Any.newBuilder().setTypeUrl(PAGE).setValue(ByteString.copyFromUtf8(page(name, peer))));
        }
        return answer.build();
    }

    private Optional<ClientStatus> client(String name, PeerIdentity peer) {
        return clients.get().stream()
                .filter(client -> ProxyState.name(client.node()).equals(name) && mayHear(peer, client.node()))
                .findFirst();
    }

    /** A page as over HTTP. The words for one that is not there are those by which istioctl knows to list what is. */
    private String page(String name, PeerIdentity peer) {
        String[] parts = name.split("\\?", 2);
        Map<String, String> query = parts.length == 1 ? Map.of() : HttpPages.query(parts[1]);
        boolean own = parts[0].equals(OWN_PAGE)
                && client(query.getOrDefault("proxyID", ""), peer).isPresent();
        if (!peer.namespace().equals(systemNamespace) && !own) {
            throw new SecurityException("page " + parts[0] + " is for identities of namespace " + systemNamespace
                    + ", others may ask for config_dump?proxyID= of their own proxies");
        }
        HttpPages.Page page = pages.apply(DebugPages.PREFIX + parts[0]);
        try {
            return page == null ? "404 page not found" : page.get(query).body();
        } catch (IOException e) {
            return "page " + parts[0] + " cannot be shown: " + e.getMessage();
        }
    }

    private boolean mayHear(PeerIdentity peer, Node node) {
        return peer.namespace().equals(systemNamespace)
                || peer.namespace()
                        .equals(metadata(node).getOrDefault("NAMESPACE", TEXT).getStringValue());
    }

    private static Map<String, Value> metadata(Node node) {
        return node.getMetadata().getFieldsMap();
    }

    private static ClientConfig status(ClientStatus client) {
        Struct.Builder known = Struct.newBuilder();
        for (String key : METADATA) {
            Value value = metadata(client.node()).get(key);
            if (value != null) {
                known.putFields(key, value);
            }
        }
        ClientConfig.Builder config = ClientConfig.newBuilder()
                .setNode(Node.newBuilder().setId(ProxyState.name(client.node())).setMetadata(known));
        for (TypeStatus type : client.types()) {
            var one = ClientConfig.GenericXdsConfig.newBuilder()
                    .setTypeUrl(type.type())
                    .setConfigStatus(state(type, client.sent().getOrDefault(type.type(), Map.of())));
            if (!type.rejection().isEmpty()) {
                one.setErrorState(UpdateFailureState.newBuilder().setDetails(type.rejection()));
            }
            config.addGenericXdsConfigs(one);
        }
        return config.build();
    }

    /**
     * @param held what the client has of the type: one that came back with the newest of everything is sent nothing
     */
    private static ConfigStatus state(TypeStatus type, Map<String, String> held) {
        if (!type.rejection().isEmpty()) {
            return ConfigStatus.ERROR;
        }
        if (type.sent().isEmpty()) {
            return held.isEmpty() ? ConfigStatus.NOT_SENT : ConfigStatus.SYNCED;
        }
        return type.synced() ? ConfigStatus.SYNCED : ConfigStatus.STALE;
    }

    /** As Istio names itself: JSON in the identifier. */
    private ControlPlane controlPlane() {
        var json = JsonMapper.shared().createObjectNode();
        json.put("Component", "istiod").put("ID", instance).putObject("Info").put("version", version);
        return ControlPlane.newBuilder().setIdentifier(json.toString()).build();
    }
}
