package dev.lateen.mesh.rules;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.config.networking.TrafficPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the DestinationRules of one host and namespace say together.
 *
 * @param sources the objects, the oldest first; its {@code trafficPolicy} is the one that counts
 * @param subsets of all sources, by name; the oldest definition of a name counts
 */
public record HostPolicy(
        String host,
        List<ConfigObject<DestinationRule>> sources,
        @Nullable TrafficPolicy trafficPolicy,
        List<Subset> subsets) {
    static HostPolicy of(String host, List<ConfigObject<DestinationRule>> sources) {
        TrafficPolicy policy = null;
        Map<String, Subset> subsets = new LinkedHashMap<>();
        for (ConfigObject<DestinationRule> source : sources) {
            if (policy == null) {
                policy = source.spec().trafficPolicy();
            }
            for (Subset subset : source.spec().subsets()) {
                subsets.putIfAbsent(subset.name(), subset);
            }
        }
        return new HostPolicy(host, List.copyOf(sources), policy, new ArrayList<>(subsets.values()));
    }

    /** The subset of this name, null when there is none. */
    public @Nullable Subset subset(String name) {
        return subsets.stream().filter(s -> s.name().equals(name)).findFirst().orElse(null);
    }

    /** The object that the policy is named after. */
    public ConfigObject<DestinationRule> source() {
        return sources.getFirst();
    }
}
