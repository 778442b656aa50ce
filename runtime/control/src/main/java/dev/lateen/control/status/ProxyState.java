package dev.lateen.control.status;

import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * How far one proxy is.
 *
 * @param name {@code POD.NAMESPACE}
 * @param generation of the newest snapshot that the proxy was shown
 * @param accepted generation below or at which everything was accepted; that of the snapshot when nothing is open
 * @param rejection what the proxy refuses now, and why; empty when it refuses nothing
 */
public record ProxyState(String name, long generation, long accepted, String rejection) {
    /** {@code POD.NAMESPACE}, the third part of a node id. */
    public static String name(Node node) {
        String[] parts = node.getId().split("~", -1);
        return parts.length == 4 ? parts[2] : node.getId();
    }

    /** The state of a connected client. */
    public static ProxyState of(ClientStatus client) {
        // Asked before the types: what is sent in between can only make the proxy look late, never early.
        long generation = client.generation();
        boolean listens = false;
        long accepted = generation;
        List<String> refused = new ArrayList<>();
        for (TypeStatus type : client.types()) {
            listens |= type.type().equals(ResourceType.LISTENER);
            if (!type.synced()) {
                accepted = Math.min(accepted, type.ackedGeneration());
            }
            if (!type.rejection().isEmpty()) {
                refused.add("refused " + ResourceType.shortName(type.type()) + ": "
                        + type.rejection().strip());
            }
        }
        // One that has not asked for listeners yet has only begun.
        return new ProxyState(name(client.node()), generation, listens ? accepted : -1, String.join("; ", refused));
    }

    /** Whether the proxy works by what a snapshot of this generation was made from. */
    boolean has(long since) {
        return accepted >= since;
    }
}
