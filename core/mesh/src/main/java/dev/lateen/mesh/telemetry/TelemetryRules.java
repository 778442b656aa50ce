package dev.lateen.mesh.telemetry;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.telemetry.Telemetry;
import dev.lateen.mesh.rules.Rules;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The Telemetry objects of one snapshot. Immutable, for any thread. */
public final class TelemetryRules {
    private final String root;
    private final List<ConfigObject<Telemetry>> objects;

    /** @param root namespace whose objects hold for all */
    public TelemetryRules(Collection<ConfigObject<?>> objects, String root) {
        this.root = root;
        this.objects = Rules.oldestFirst(objects, Kinds.TELEMETRY);
    }

    /**
     * What holds for a workload, from the widest reach to the nearest: of the mesh, of the namespace, of the workload
     * itself; of each the oldest object.
     */
    public List<ConfigObject<Telemetry>> holding(String namespace, Map<String, String> labels) {
        List<ConfigObject<Telemetry>> holding = new ArrayList<>(3);
        oldest(holding, root, spec -> !spec.isSelective());
        if (!namespace.equals(root)) {
            oldest(holding, namespace, spec -> !spec.isSelective());
        }
        oldest(holding, namespace, spec -> spec.isSelective() && spec.selects(labels));
        return holding;
    }

    private void oldest(List<ConfigObject<Telemetry>> holding, String namespace, Predicate<Telemetry> reach) {
        objects.stream()
                .filter(object -> object.namespace().equals(namespace) && reach.test(object.spec()))
                .findFirst()
                .ifPresent(holding::add);
    }
}
