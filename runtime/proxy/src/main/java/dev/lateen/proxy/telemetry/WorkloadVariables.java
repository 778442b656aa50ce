package dev.lateen.proxy.telemetry;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.Map;
import java.util.TreeMap;

/**
 * Variables of its environment by which a workload's proxy says who it is, whether they stand there or not: those that
 * Istio's injection sets, and CANONICAL_SERVICE and CANONICAL_REVISION. The control plane makes Istio's tags of spans of
 * them, so that proxies of different workloads can share their listeners.
 */
public final class WorkloadVariables {
    private WorkloadVariables() {}

    /** By name, from the metadata of the proxy's node; without what is not known. */
    public static Map<String, String> of(Struct node) {
        Workload own = Workload.of(node);
        Map<String, String> variables = new TreeMap<>();
        variables.put("CANONICAL_SERVICE", own.canonicalService());
        variables.put("CANONICAL_REVISION", own.canonicalRevision());
        variables.put("POD_NAMESPACE", own.namespace());
        variables.put("ISTIO_META_CLUSTER_ID", own.cluster());
        variables.put(
                "ISTIO_META_MESH_ID",
                node.getFieldsOrDefault("MESH_ID", Value.getDefaultInstance()).getStringValue());
        variables.values().removeIf(value -> value.isEmpty() || value.equals(Workload.NOT_KNOWN));
        return Map.copyOf(variables);
    }
}
