package dev.lateen.proxy.upstream;

import dev.lateen.proxycore.ConnectionFacts;
import java.net.InetSocketAddress;

/**
 * The connection for which one to an upstream is made, as the PROXY protocol tells of it.
 *
 * @param source where it comes from
 * @param destination where its client wanted to go
 */
record Downstream(InetSocketAddress source, InetSocketAddress destination) {
    static Downstream of(ConnectionFacts facts) {
        return new Downstream(facts.source(), facts.destination());
    }
}
