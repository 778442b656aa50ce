package dev.lateen.config.telemetry;

import dev.lateen.config.security.TargetReference;
import dev.lateen.config.security.WorkloadSelector;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What proxies tell of their traffic (telemetry.istio.io Telemetry). Without a selector it holds for its namespace, and in
 * the root namespace for the mesh; a workload's says more than its namespace's, which says more than the mesh's. Of
 * several objects of one reach the oldest counts.
 *
 * @param targetRefs gateways, by Gateways of the Gateway API in the same namespace; instead of a selector
 */
public record Telemetry(
        @Nullable WorkloadSelector selector,
        List<TargetReference> targetRefs,
        List<Tracing> tracing,
        List<Metrics> metrics,
        List<AccessLogging> accessLogging)
        implements Checked {
    @Override
    public void check(Findings findings) {
        TargetReference.check(selector, targetRefs, findings);
    }

    /** Whether it is for workloads that it names rather than for all. */
    public boolean isSelective() {
        return (selector != null && !selector.matchLabels().isEmpty()) || !targetRefs.isEmpty();
    }

    /** Whether a workload of its namespace with these labels is meant. */
    public boolean selects(Map<String, String> labels) {
        if (targetRefs.isEmpty()) {
            return selector == null || selector.selects(labels);
        }
        return targetRefs.stream().anyMatch(target -> target.selects(labels));
    }
}
