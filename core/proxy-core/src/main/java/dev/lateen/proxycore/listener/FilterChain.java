package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.rbac.AccessRules;
import java.time.Duration;
import java.util.List;

/**
 * What happens to the connections of one kind.
 *
 * @param name of the chain, may be empty
 * @param match which connections
 * @param transport how their bytes are wrapped
 * @param handshakeTimeout how long the wrapping may take; zero means without limit
 * @param access each of these must let the connection through
 * @param filter what handles the bytes
 * @param source the configuration behind it: chains of successive listeners are the same when it is equal
 */
public record FilterChain(
        String name,
        ChainMatch match,
        TransportSocket transport,
        Duration handshakeTimeout,
        List<AccessRules> access,
        NetworkFilter filter,
        io.envoyproxy.envoy.config.listener.v3.FilterChain source) {
    public FilterChain {
        access = List.copyOf(access);
    }

    /** The name, or a word for the lack of one, for people. */
    public String describe() {
        return name.isEmpty() ? "filter chain without name" : "filter chain \"" + name + "\"";
    }
}
