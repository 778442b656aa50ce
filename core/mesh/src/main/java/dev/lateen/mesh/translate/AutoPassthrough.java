package dev.lateen.mesh.translate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.networking.Gateway.Server;
import dev.lateen.config.networking.ServerTls;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.rules.HostPolicy;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Mutual TLS that passes a gateway as it comes: the server name says which service it goes to, as the mesh's proxies
 * write it ({@code outbound_.80_.v1_.host}), and only TLS of the mesh is let in (Gateway mode AUTO_PASSTHROUGH).
 */
final class AutoPassthrough {
    private AutoPassthrough() {}

    /** Whether a Gateway of the proxy passes TLS on in this way. */
    static boolean isAsked(Snapshot snapshot, ProxyNode node) {
        for (ConfigObject<Gateway> gateway :
                snapshot.rules().gateways(node.namespace(), Translation.labels(snapshot, node))) {
            for (Server server : gateway.spec().servers()) {
                ServerTls tls = server.tls();
                if (tls != null && tls.mode() == ServerTls.Mode.AUTO_PASSTHROUGH) {
                    return true;
                }
            }
        }
        return false;
    }

    /** @param served whether the server's hosts cover a host */
    static List<FilterChain> chains(Scope scope, Filters filters, Predicate<String> served) {
        List<FilterChain> chains = new ArrayList<>();
        for (MeshService service : scope.services()) {
            if (!served.test(service.host())) {
                continue;
            }
            for (MeshPort port : service.ports()) {
                if (port.protocol() == Protocol.UDP) {
                    continue;
                }
                for (String subset : subsets(scope, service)) {
                    String name = name(port.number(), subset, service.host());
                    FilterChain.Builder chain = TcpChains.chain(null, filters.tcp(name)).toBuilder();
                    chain.getFilterChainMatchBuilder()
                            .addServerNames(name)
                            .setTransportProtocol(InboundSecurity.TLS)
                            .addAllApplicationProtocols(MutualTls.MESH);
                    chains.add(chain.build());
                }
            }
        }
        return chains;
    }

    private static List<String> subsets(Scope scope, MeshService service) {
        List<String> subsets = new ArrayList<>(List.of(""));
        HostPolicy policy = scope.policy(service);
        if (policy != null) {
            policy.subsets().forEach(subset -> subsets.add(subset.name()));
        }
        return subsets;
    }

    /** A cluster for each outbound one, with the same endpoints, that takes the caller's TLS as it comes. */
    static Map<String, Cluster> clusters(Map<String, Cluster> outbound) {
        Map<String, Cluster> clusters = new LinkedHashMap<>();
        for (Cluster cluster : outbound.values()) {
            String[] parts = cluster.getName().split("\\|", -1);
            if (parts.length == 4) {
                Cluster passing = cluster.toBuilder()
                        .setName(name(Integer.parseInt(parts[1]), parts[2], parts[3]))
                        .clearTransportSocket()
                        .clearTransportSocketMatches()
                        .clearTypedExtensionProtocolOptions()
                        .build();
                clusters.put(passing.getName(), passing);
            }
        }
        return clusters;
    }

    static String name(int port, String subset, String host) {
        return "outbound_." + port + "_." + subset + "_." + host;
    }
}
