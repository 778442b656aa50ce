package dev.lateen.mesh.validate;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Labels of namespaces that say twice whether their pods get sidecars. */
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
        return problems;
    }
}
