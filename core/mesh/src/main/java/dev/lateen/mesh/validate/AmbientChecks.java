package dev.lateen.mesh.validate;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Labels of Istio's ambient mode, which would be passed over without a word. */
final class AmbientChecks {
    private static final String MODE = "istio.io/dataplane-mode";
    private static final String WAYPOINT = "istio.io/use-waypoint";

    private AmbientChecks() {}

    static List<Problem> of(Snapshot snapshot) {
        List<Problem> problems = new ArrayList<>();
        new TreeMap<>(snapshot.namespaces()).forEach((name, labels) -> {
            Origin origin = new Origin.Api(new ObjectName("Namespace", "", name));
            if ("ambient".equals(labels.get(MODE))) {
                problems.add(
                        Problem.warning(
                                origin,
                                "metadata.labels[" + MODE + "]",
                                "has no effect, as there is no ambient mode here: label it istio-injection=enabled for sidecars"));
            }
            String waypoint = labels.getOrDefault(WAYPOINT, "none");
            if (!waypoint.equals("none")) {
                problems.add(
                        Problem.warning(
                                origin,
                                "metadata.labels[" + WAYPOINT + "]",
                                "has no effect, as there are no waypoints here: rules hold in the sidecars of callers and callees"));
            }
        });
        return problems;
    }
}
