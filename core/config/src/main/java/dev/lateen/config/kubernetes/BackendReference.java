package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A place that requests go to.
 *
 * @param group null means the core
 * @param kind null means Service
 * @param namespace null means the route's own; another one needs a ReferenceGrant there
 * @param weight share among all; null means 1
 * @param filters changes of requests that go there; only headers can be changed
 */
public record BackendReference(
        @Nullable String group,
        @Nullable String kind,
        @Nullable String namespace,
        @Required String name,
        @Range(min = 1, max = 65535) @Nullable Integer port,
        @Range(min = 0, max = 1_000_000) @Nullable Integer weight,
        List<RouteFilter> filters) {
    /** The place without its share and filters. */
    public BackendObject place() {
        return new BackendObject(group, kind, namespace, name, port);
    }

    public int share() {
        return weight == null ? 1 : weight;
    }
}
