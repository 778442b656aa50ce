package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.Map;

/** Workloads of the object's namespace by their labels; none selects all. */
public record WorkloadSelector(Map<String, String> labels) implements Checked {
    @Override
    public void check(Findings findings) {
        Labels.checkSelector(labels, "labels", findings);
    }
}
