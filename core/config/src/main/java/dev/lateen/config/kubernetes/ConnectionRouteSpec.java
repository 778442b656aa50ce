package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where connections go whose content is not read (gateway.networking.k8s.io TLSRoute and TCPRoute).
 *
 * @param hostnames server names; only for TLSRoute, empty for every one
 */
public record ConnectionRouteSpec(
        List<ParentReference> parentRefs,
        @Later("a choice of parents by scope") String useDefaultGateways,
        List<String> hostnames,
        @Required List<Rule> rules) {
    /** One rule; the first one counts. */
    public record Rule(@Nullable String name, @Required List<BackendReference> backendRefs) {}
}
