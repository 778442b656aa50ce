package dev.lateen.config.telemetry;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;

/**
 * What an object is for, by name (istio.type.v1beta1 PolicyTargetReference).
 *
 * @param namespace the object's own, or empty
 */
public record TargetReference(
        String group, @Required String kind, @Required String name, String namespace) implements Checked {
    @Override
    public void check(Findings findings) {
        if (!kind.equals("Gateway") || !group.equals("gateway.networking.k8s.io")) {
            findings.error(
                    "kind",
                    kind + " needs waypoints, which this version does not have: write a Gateway of"
                            + " gateway.networking.k8s.io, or a selector");
        }
        if (!namespace.isEmpty()) {
            findings.error("namespace", "must be empty: targets are in the object's own namespace");
        }
    }
}
