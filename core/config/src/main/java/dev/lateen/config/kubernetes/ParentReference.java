package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;

/**
 * What a route is for: a Gateway, a ListenerSet, or a Service whose calls within the mesh it rules.
 *
 * @param group null means that of the Gateway API
 * @param kind null means Gateway
 * @param namespace null means the route's own
 * @param sectionName a listener of the Gateway or ListenerSet; null for all
 * @param port of the listener or Service; null for all
 */
public record ParentReference(
        @Nullable String group,
        @Nullable String kind,
        @Nullable String namespace,
        @Required String name,
        @Nullable String sectionName,
        @Range(min = 1, max = 65535) @Nullable Integer port) {
    public boolean isGateway() {
        return isOfGatewayApi() && (kind == null || kind.equals("Gateway"));
    }

    public boolean isListenerSet() {
        return isOfGatewayApi() && "ListenerSet".equals(kind);
    }

    private boolean isOfGatewayApi() {
        return group == null || group.equals("gateway.networking.k8s.io");
    }

    public boolean isService() {
        return "".equals(group) && "Service".equals(kind);
    }
}
