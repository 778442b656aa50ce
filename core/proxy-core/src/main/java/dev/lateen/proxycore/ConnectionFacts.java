package dev.lateen.proxycore;

import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a downstream connection when its filter chain is chosen, and while its requests are routed.
 *
 * @param destination where the client wanted to go: the original destination when it was restored, else the local
 *     address
 * @param source where it comes from
 * @param transportProtocol {@code tls} or {@code raw_buffer}
 * @param serverName the name of the TLS client hello, lower-cased, or empty
 * @param applicationProtocols the protocols of ALPN, or what the HTTP inspector saw ({@code http/1.0}, {@code
 *     http/1.1}, {@code h2c}); empty when unknown
 * @param peer the client's certificate when TLS has verified one, else null
 */
public record ConnectionFacts(
        InetSocketAddress destination,
        InetSocketAddress source,
        String transportProtocol,
        String serverName,
        List<String> applicationProtocols,
        @Nullable PeerCertificate peer) {
    public static final String RAW_BUFFER = "raw_buffer";
    public static final String TLS = "tls";

    public ConnectionFacts {
        applicationProtocols = List.copyOf(applicationProtocols);
    }

    /** Facts of a connection whose client has shown no certificate. */
    public ConnectionFacts(
            InetSocketAddress destination,
            InetSocketAddress source,
            String transportProtocol,
            String serverName,
            List<String> applicationProtocols) {
        this(destination, source, transportProtocol, serverName, applicationProtocols, null);
    }

    /** Facts of a connection in the clear of which nothing else is known. */
    public static ConnectionFacts plain(InetSocketAddress destination, InetSocketAddress source) {
        return new ConnectionFacts(destination, source, RAW_BUFFER, "", List.of());
    }

    /** The same with these application protocols. */
    public ConnectionFacts withApplicationProtocols(List<String> protocols) {
        return new ConnectionFacts(destination, source, transportProtocol, serverName, protocols, peer);
    }

    /** The same with what a TLS client hello said. */
    public ConnectionFacts withTls(String name, List<String> protocols) {
        return new ConnectionFacts(destination, source, TLS, name, protocols, peer);
    }

    /** The same with the certificate that the client has proven to be its own. */
    public ConnectionFacts withPeer(@Nullable PeerCertificate certificate) {
        return new ConnectionFacts(
                destination, source, transportProtocol, serverName, applicationProtocols, certificate);
    }
}
