package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Workloads that are no pods and are alike (networking.istio.io WorkloadGroup): what stands in the WorkloadEntry of each
 * whose proxy registers itself by the group's name ({@code ISTIO_META_AUTO_REGISTER_GROUP}).
 *
 * @param metadata of the entries
 * @param template the entries, but for the address, which the proxy tells
 */
public record WorkloadGroup(
        @Nullable Metadata metadata,
        @Required WorkloadEntry template,

        @Later("checks of workloads that are no pods") @Nullable
        JsonNode probe)
        implements Checked {
    /** See {@link WorkloadGroup}. */
    public record Metadata(Map<String, String> labels, Map<String, String> annotations) implements Checked {
        @Override
        public void check(Findings findings) {
            Labels.check(labels, "labels", findings);
        }
    }

    @Override
    public void check(Findings findings) {
        if (template != null && !template.address().isEmpty()) {
            findings.warning("template.address", "has no effect: each proxy tells its own");
        }
    }
}
