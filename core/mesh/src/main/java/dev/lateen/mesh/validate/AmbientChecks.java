package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Kubernetes;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Labels of Istio's ambient mode, which would be passed over without a word. */
final class AmbientChecks {
    private static final String MODE = "istio.io/dataplane-mode";

    private final List<Problem> problems = new ArrayList<>();

    private AmbientChecks() {}

    static List<Problem> of(Snapshot snapshot) {
        AmbientChecks checks = new AmbientChecks();
        new TreeMap<>(snapshot.namespaces())
                .forEach(
                        (name, labels) -> checks.labels(new Origin.Api(new ObjectName("Namespace", "", name)), labels));
        snapshot.registry().services().stream()
                .filter(service -> service.kind() == MeshService.Kind.KUBERNETES)
                .sorted(Comparator.comparing(MeshService::host))
                .forEach(service -> checks.waypoint(new Origin.Api(service.source()), service.waypoint()));
        snapshot.registry().workloads().stream()
                .filter(pod -> concerns(pod.labels()))
                .sorted(Comparator.comparing(Workload::namespace).thenComparing(Workload::name))
                .forEach(pod -> checks.labels(
                        new Origin.Api(new ObjectName("Pod", pod.namespace(), pod.name())), pod.labels()));
        snapshot.config().values().stream()
                .filter(object -> concerns(object.metadata().labels()))
                .sorted(Comparator.comparing(
                        (ConfigObject<?> object) -> object.objectName().toString()))
                .forEach(object ->
                        checks.labels(object.origin(), object.metadata().labels()));
        return checks.problems;
    }

    private static boolean concerns(Map<String, String> labels) {
        return labels.containsKey(MODE) || labels.containsKey(Kubernetes.WAYPOINT);
    }

    private void labels(Origin origin, Map<String, String> labels) {
        if ("ambient".equals(labels.get(MODE))) {
            problems.add(Problem.warning(
                    origin,
                    "metadata.labels[" + MODE + "]",
                    "has no effect, as there is no ambient mode here: label it istio-injection=enabled for sidecars"));
        }
        waypoint(origin, labels.getOrDefault(Kubernetes.WAYPOINT, ""));
    }

    private void waypoint(Origin origin, String name) {
        if (!name.isEmpty() && !name.equals("none")) {
            problems.add(
                    Problem.warning(
                            origin,
                            "metadata.labels[" + Kubernetes.WAYPOINT + "]",
                            "has no effect, as there are no waypoints here: rules hold in the sidecars of callers and callees"));
        }
    }
}
