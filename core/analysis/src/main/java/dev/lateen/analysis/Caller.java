package dev.lateen.analysis;

import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Locality;
import dev.lateen.mesh.registry.Workload;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Whose proxy is asked. */
public final class Caller {
    /** Address of a caller that no pod stands for: reserved for documentation (RFC 5737). */
    private static final String NOWHERE = "192.0.2.1";

    private Caller() {}

    /**
     * The sidecar of an app: the first pod of the namespace with this name, with this label {@code app}, or of an owner
     * with this name. When there is none, a pod that has only the label {@code app}.
     */
    public static ProxyNode sidecar(Snapshot snapshot, String app, String namespace) {
        Optional<Workload> pod = snapshot.registry().workloads().stream()
                .filter(workload -> workload.namespace().equals(namespace))
                .filter(workload -> workload.name().equals(app)
                        || workload.owner().equals(app)
                        || app.equals(workload.labels().get("app")))
                .min(Comparator.comparing(Workload::name));
        return pod.map(workload -> node(snapshot, ProxyNode.Type.SIDECAR, workload))
                .orElseGet(() -> stranger(snapshot, ProxyNode.Type.SIDECAR, app, namespace, Map.of("app", app)));
    }

    /**
     * The proxy at the edge with these labels: a pod that has them, or one made up.
     *
     * @param labels as a Gateway's selector names them, such as {@code istio: ingressgateway}
     */
    public static ProxyNode gateway(Snapshot snapshot, Map<String, String> labels, String namespace) {
        return snapshot.registry().workloads(namespace, labels).stream()
                .min(Comparator.comparing(Workload::name))
                .map(workload -> node(snapshot, ProxyNode.Type.ROUTER, workload))
                .orElseGet(() -> stranger(snapshot, ProxyNode.Type.ROUTER, "gateway", namespace, labels));
    }

    /**
     * The proxy of a pod by name, or of another pod with the same labels in the place of one that is no more; one made up
     * with these labels when there is none.
     *
     * @param labels of the pod; that of its ReplicaSet does not count
     */
    static ProxyNode pod(
            Snapshot snapshot, ProxyNode.Type type, String namespace, String name, Map<String, String> labels) {
        Map<String, String> lasting = new TreeMap<>(labels);
        lasting.remove("pod-template-hash");
        Optional<Workload> pod = snapshot.registry().workloads().stream()
                .filter(workload -> workload.namespace().equals(namespace)
                        && workload.name().equals(name))
                .findFirst();
        if (pod.isEmpty() && !lasting.isEmpty()) {
            pod = snapshot.registry().workloads(namespace, lasting).stream().min(Comparator.comparing(Workload::name));
        }
        return pod.map(workload -> node(snapshot, type, workload))
                .orElseGet(() -> stranger(snapshot, type, name, namespace, lasting));
    }

    private static ProxyNode node(Snapshot snapshot, ProxyNode.Type type, Workload workload) {
        String address =
                workload.addresses().isEmpty() ? NOWHERE : workload.addresses().getFirst();
        return node(
                snapshot,
                type,
                address,
                workload.name(),
                workload.namespace(),
                workload.labels(),
                workload.serviceAccount());
    }

    private static ProxyNode stranger(
            Snapshot snapshot, ProxyNode.Type type, String name, String namespace, Map<String, String> labels) {
        return node(snapshot, type, NOWHERE, name, namespace, labels, "default");
    }

    private static ProxyNode node(
            Snapshot snapshot,
            ProxyNode.Type type,
            String address,
            String name,
            String namespace,
            Map<String, String> labels,
            String serviceAccount) {
        String domain = namespace + ".svc." + snapshot.domain();
        String kind = type == ProxyNode.Type.SIDECAR ? "sidecar" : "router";
        return new ProxyNode(
                kind + "~" + address + "~" + name + "." + namespace + "~" + domain,
                type,
                address,
                name,
                namespace,
                domain,
                labels,
                serviceAccount,
                "Kubernetes",
                Locality.UNKNOWN,
                ProxyNode.Dns.ELSEWHERE,
                true,
                null,
                Map.of());
    }
}
