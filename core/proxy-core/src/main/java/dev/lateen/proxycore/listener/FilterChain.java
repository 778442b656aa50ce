package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.authorization.ConnectionAuthorization;
import dev.lateen.proxycore.rbac.AccessRules;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What happens to the connections of one kind ({@code envoy.config.listener.v3.FilterChain}).
 *
 * @param name of the chain, may be empty
 * @param match which connections
 * @param transport how their bytes are wrapped
 * @param handshakeTimeout how long the wrapping may take; zero means without limit
 * @param access each of these must let the connection through
 * @param asked each of these services must do so too, where it is asked; only where the content is not read
 * @param filter what handles the bytes
 * @param source the configuration behind it
 * @param discovered configurations of its filters that came by themselves, by name
 */
public record FilterChain(
        String name,
        ChainMatch match,
        TransportSocket transport,
        Duration handshakeTimeout,
        List<AccessRules> access,
        List<ConnectionAuthorization> asked,
        NetworkFilter filter,
        io.envoyproxy.envoy.config.listener.v3.FilterChain source,
        Map<String, Any> discovered) {
    public FilterChain {
        access = List.copyOf(access);
        asked = List.copyOf(asked);
        discovered = Map.copyOf(discovered);
    }

    /** Whether a chain of a listener before it, or behind it, is the same. */
    boolean isSame(FilterChain other) {
        return source.equals(other.source) && discovered.equals(other.discovered);
    }

    /** Whether what stands before the last filter is the same in both. */
    public boolean isGuardedAs(FilterChain other) {
        return guards().equals(other.guards());
    }

    private List<Filter> guards() {
        return source.getFiltersList().subList(0, source.getFiltersCount() - 1);
    }

    /** The name, or a word for the lack of one, for people. */
    public String describe() {
        return name.isEmpty() ? "filter chain without name" : "filter chain \"" + name + "\"";
    }
}
