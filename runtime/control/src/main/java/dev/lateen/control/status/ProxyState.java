package dev.lateen.control.status;

import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.TypeStatus;
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
        String[] id = client.node().getId().split("~", -1);
        String name = id.length == 4 ? id[2] : client.node().getId();
        // One that has not asked for listeners yet has only begun.
        return new ProxyState(name, generation, listens ? accepted : -1, String.join("; ", refused));
    }

    /** Whether the proxy works by what a snapshot of this generation was made from. */
    boolean has(long since) {
        return accepted >= since;
    }
}
