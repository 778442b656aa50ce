package dev.lateen.mesh.registry;

import java.util.List;
import java.util.Map;

/**
 * Endpoints of a Kubernetes Service, as an EndpointSlice holds them (discovery.k8s.io/v1).
 *
 * @param service name of the Service
 * @param ports number by name
 */
public record Slice(String namespace, String service, Map<String, Integer> ports, List<Target> targets) {
    /**
     * One endpoint of the slice.
     *
     * @param ready false: only services that publish not-ready addresses use it
     * @param pod its pod's name, empty when it has none
     * @param node that it is on, empty when not told
     * @param hostname by which DNS knows it below the service's name; empty for none
     */
    public record Target(List<String> addresses, boolean ready, String pod, String node, String hostname) {}
}
