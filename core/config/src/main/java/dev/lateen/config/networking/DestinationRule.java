package dev.lateen.config.networking;

import dev.lateen.config.CheckedAsObject;
import dev.lateen.config.Labels;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Policies for the traffic to a host (networking.istio.io DestinationRule).
 *
 * @param workloadSelector the calling workloads of the object's namespace that follow the rule; null for all
 */
public record DestinationRule(
        @Required String host,
        @Nullable TrafficPolicy trafficPolicy,
        List<Subset> subsets,
        List<String> exportTo,
        @Nullable WorkloadSelector workloadSelector)
        implements Checked, CheckedAsObject {
    @Override
    public void check(ObjectMeta metadata, Findings findings) {
        ExportTo.checkIn(metadata.namespace(), exportTo, findings);
        if (workloadSelector != null
                && !exportTo.isEmpty()
                && !exportTo.equals(List.of("."))
                && !exportTo.equals(List.of(metadata.namespace()))) {
            findings.error(
                    "spec.exportTo",
                    "must be [.] beside workloadSelector: such a rule is for callers of its namespace");
        }
    }

    @Override
    public void check(Findings findings) {
        HostNames.check(host, "host", findings);
        ExportTo.check(exportTo, findings);
        warnOfFailover(trafficPolicy, "trafficPolicy", findings);
        Set<String> names = new HashSet<>();
        for (int i = 0; i < subsets.size(); i++) {
            Subsets.check(subsets.get(i).name(), "subsets[" + i + "].name", findings);
            if (!names.add(subsets.get(i).name())) {
                findings.error("subsets[" + i + "].name", "\"" + subsets.get(i).name() + "\" is given twice");
            }
            Labels.check(subsets.get(i).labels(), "subsets[" + i + "].labels", findings);
            if (trafficPolicy == null || trafficPolicy.outlierDetection() == null) {
                warnOfFailover(subsets.get(i).trafficPolicy(), "subsets[" + i + "].trafficPolicy", findings);
            }
        }
    }

    private static void warnOfFailover(@Nullable TrafficPolicy policy, String path, Findings findings) {
        if (policy != null && policy.loadBalancer() != null && policy.outlierDetection() == null) {
            policy.loadBalancer().warnOfFailover(path + ".loadBalancer", findings);
        }
    }

    /**
     * Some of a service's endpoints, by labels.
     *
     * @param trafficPolicy overrides the host's, setting by setting
     */
    public record Subset(
            @Required String name,
            Map<String, String> labels,
            @Nullable TrafficPolicy trafficPolicy) {}

    /** Workloads by their labels. */
    public record WorkloadSelector(Map<String, String> matchLabels) implements Checked {
        @Override
        public void check(Findings findings) {
            Labels.checkSelector(matchLabels, "matchLabels", findings);
        }
    }
}
