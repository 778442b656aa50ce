package dev.lateen.config.security;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an object is for, by reference (istio.type.v1beta1 PolicyTargetReference): a Gateway of the Gateway API in the
 * object's own namespace. Istio's other targets hold at waypoint proxies alone.
 */
public record TargetReference(
        String group, @Required String kind, @Required String name, String namespace) implements Checked {
    /** Label of the pods of a Gateway, with its name. */
    public static final String GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

    @Override
    public void check(Findings findings) {
        if (!kind.equals("Gateway") || !group.equals("gateway.networking.k8s.io")) {
            findings.error(
                    "kind",
                    "must be Gateway of group gateway.networking.k8s.io: references to others, such as " + kind
                            + ", hold at waypoint proxies, which this mesh does not have; use a selector");
        }
        if (!namespace.isEmpty()) {
            findings.error("namespace", "must be empty: what has targets is for Gateways of its own namespace");
        }
    }

    /** Whether the Gateway is that whose proxies have these labels. */
    public boolean selects(Map<String, String> labels) {
        return name.equals(labels.get(GATEWAY_NAME));
    }

    /** Finds fault with an object that has targets beside a selector. */
    public static void check(@Nullable WorkloadSelector selector, List<TargetReference> targets, Findings findings) {
        if (!targets.isEmpty() && selector != null && !selector.matchLabels().isEmpty()) {
            findings.error("targetRefs", "cannot be given together with selector");
        }
    }
}
