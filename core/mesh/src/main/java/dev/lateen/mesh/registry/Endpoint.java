package dev.lateen.mesh.registry;

import java.util.Comparator;
import java.util.Map;

/**
 * One address and port that serves a port of a service.
 *
 * @param portName of the service's port
 * @param address an IP address; a host name where a proxy looks it up
 * @param weight share of the load, at least 1
 * @param node that its pod is on, empty when not known
 * @param workload for telemetry: name, namespace, canonical name and revision; empty names when unknown
 */
public record Endpoint(
        String portName,
        String address,
        int port,
        Map<String, String> labels,
        String serviceAccount,
        int weight,
        Locality locality,
        String node,
        WorkloadName workload) {
    /** By port, then address: the order in which proxies get them. */
    public static final Comparator<Endpoint> ORDER = Comparator.comparing(Endpoint::portName)
            .thenComparing(Endpoint::address)
            .thenComparingInt(Endpoint::port);

    /** Whether the endpoint has all these labels. */
    public boolean has(Map<String, String> wanted) {
        return labels.entrySet().containsAll(wanted.entrySet());
    }

    /** The same with other labels. */
    public Endpoint withLabels(Map<String, String> others) {
        return new Endpoint(
                portName, address, port, Map.copyOf(others), serviceAccount, weight, locality, node, workload);
    }

    /** What telemetry calls the workload. */
    public record WorkloadName(String name, String namespace, String canonicalName, String canonicalRevision) {
        /** A workload that nothing is known of; of some that have no name the namespace is known. */
        public static final WorkloadName UNKNOWN = new WorkloadName("", "", "", "");
    }
}
