package dev.lateen.proxycore.listener;

import java.time.Duration;

/**
 * What happens to the connections of one kind.
 *
 * @param name of the chain, may be empty
 * @param match which connections
 * @param transport how their bytes are wrapped
 * @param handshakeTimeout how long the wrapping may take; zero means without limit
 * @param filter what handles the bytes
 */
public record FilterChain(
        String name, ChainMatch match, TransportSocket transport, Duration handshakeTimeout, NetworkFilter filter) {
    /** The name, or a word for the lack of one, for people. */
    public String describe() {
        return name.isEmpty() ? "filter chain without name" : "filter chain \"" + name + "\"";
    }
}
