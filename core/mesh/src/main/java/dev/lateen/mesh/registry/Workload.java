package dev.lateen.mesh.registry;

import java.util.List;
import java.util.Map;

/**
 * A pod, as far as the mesh needs to know it.
 *
 * @param addresses the pod's addresses, the first one first; empty before it has one
 * @param owner name of the Deployment or the like, the pod's name when it has none
 * @param ports number by name of its containers' ports
 * @param ready takes requests
 * @param sidecar whether a proxy stands beside its app
 */
public record Workload(
        String namespace,
        String name,
        List<String> addresses,
        Map<String, String> labels,
        String serviceAccount,
        String node,
        String owner,
        Map<String, Integer> ports,
        boolean ready,
        Sidecar sidecar) {
    /** Whether a pod has a proxy of the mesh. */
    public enum Sidecar {
        PRESENT,
        ABSENT,
        /** The pod says that it wants none, or is on its node's own network. */
        DECLINED
    }

    public Workload {
        addresses = List.copyOf(addresses);
        labels = Map.copyOf(labels);
        ports = Map.copyOf(ports);
    }
}
