package dev.lateen.config.networking;

import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * How proxies run (networking.istio.io/v1beta1 ProxyConfig); pods have it from their injection on.
 *
 * @param selector pods of the object's namespace; null for all, and for those of every namespace in the root namespace
 * @param concurrency number of event loops; 0 for one per processor, null leaves it to broader settings
 * @param environmentVariables of the proxy's container
 */
public record ProxyConfig(
        DestinationRule.@Nullable WorkloadSelector selector,
        @Range(min = 0) @Nullable Integer concurrency,
        Map<String, String> environmentVariables,
        @Later("images of several kinds") @Nullable JsonNode image) {
    /** Whether a pod with these labels is meant, in the object's namespace. */
    public boolean selects(Map<String, String> labels) {
        return selector == null
                || labels.entrySet().containsAll(selector.matchLabels().entrySet());
    }
}
