package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** More listeners of a Gateway that lets them in (gateway.networking.k8s.io ListenerSet). */
public record ListenerSetSpec(
        @Required Parent parentRef, @Required List<GatewaySpec.Listener> listeners) implements Checked {
    private static final int MOST_LISTENERS = 64;

    /**
     * The Gateway.
     *
     * @param group null means that of the Gateway API
     * @param kind null means Gateway
     * @param namespace null means the set's own
     */
    public record Parent(
            @Nullable String group,
            @Nullable String kind,
            @Nullable String namespace,
            @Required String name) {
        public boolean isGateway() {
            return new ParentReference(group, kind, namespace, name, null, null).isGateway();
        }
    }

    @Override
    public void check(Findings findings) {
        if (listeners.size() > MOST_LISTENERS) {
            findings.error("listeners", "has more than " + MOST_LISTENERS + " entries");
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < listeners.size(); i++) {
            String name = listeners.get(i).name();
            if (!names.add(name)) {
                findings.error("listeners[" + i + "].name", "is given twice: " + name);
            }
        }
    }
}
