package dev.lateen.proxycore.rbac;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.head.RequestHead;
import java.net.InetAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Someone wants something: what rules of access are asked about.
 *
 * @param facts of the connection
 * @param head of the request, as it will be routed; null for a connection whose content is not read
 * @param client the client's address, as proxies that are trusted tell it
 * @param claims of the request's token that was verified: texts, numbers, truth values, lists and maps of them; empty
 *     without one
 */
public record Access(
        ConnectionFacts facts, @Nullable RequestHead head, InetAddress client, Map<String, Object> claims) {

    /** A connection by itself. */
    public static Access of(ConnectionFacts facts) {
        return new Access(facts, null, facts.source().getAddress(), Map.of());
    }
}
