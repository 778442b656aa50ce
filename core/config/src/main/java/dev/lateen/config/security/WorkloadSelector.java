package dev.lateen.config.security;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.Map;

/** Workloads of the object's namespace by their labels; of all namespaces when that is the root namespace. */
public record WorkloadSelector(Map<String, String> matchLabels) implements Checked {
    @Override
    public void check(Findings findings) {
        Labels.checkSelector(matchLabels, "matchLabels", findings);
    }

    /** Whether a workload with these labels is meant. */
    public boolean selects(Map<String, String> labels) {
        return labels.entrySet().containsAll(matchLabels.entrySet());
    }
}
