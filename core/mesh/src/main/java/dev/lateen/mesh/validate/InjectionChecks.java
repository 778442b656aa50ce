package dev.lateen.mesh.validate;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Labels of namespaces that say twice whether their pods get sidecars, and pods that have none all the same. */
final class InjectionChecks {
    private static final String INJECTION = "istio-injection";
    private static final String REVISION = "istio.io/rev";

    private InjectionChecks() {}

    static List<Problem> of(Snapshot snapshot) {
        List<Problem> problems = new ArrayList<>();
        for (Map.Entry<String, Map<String, String>> each : new TreeMap<>(snapshot.namespaces()).entrySet()) {
            Map<String, String> labels = each.getValue();
            if (labels.containsKey(INJECTION) && labels.containsKey(REVISION)) {
                problems.add(Problem.warning(
                        new Origin.Api(new ObjectName("Namespace", "", each.getKey())),
                        "metadata.labels[" + REVISION + "]",
                        "has no effect beside " + INJECTION + "=" + labels.get(INJECTION) + ": take one of both away"));
            }
        }
        snapshot.registry().workloads().stream()
                .filter(pod -> pod.sidecar() == Workload.Sidecar.ABSENT
                        && !pod.addresses().isEmpty()
                        && "enabled"
                                .equals(snapshot.namespaces()
                                        .getOrDefault(pod.namespace(), Map.of())
                                        .get(INJECTION)))
                .sorted(Comparator.comparing(Workload::namespace).thenComparing(Workload::name))
                .forEach(pod -> problems.add(Problem.warning(
                        new Origin.Api(new ObjectName("Pod", pod.namespace(), pod.name())),
                        "spec.containers",
                        "has no sidecar, which namespace " + pod.namespace()
                                + " asks for: a pod gets it when it is made, so make it anew")));
        return problems;
    }
}
