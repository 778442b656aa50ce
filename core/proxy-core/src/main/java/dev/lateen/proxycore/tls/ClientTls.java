package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;

/**
 * TLS towards an endpoint ({@code envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext}). Sessions are never
 * resumed: each connection verifies its server anew.
 *
 * @param serverName the name asked for (RFC 6066 3), or empty
 */
public record ClientTls(TlsRules rules, String serverName) {
    /** Compiles a context. */
    public static ClientTls of(UpstreamTlsContext proto, Place at) throws CompileException {
        // Resumption and renegotiation are never done, so their limits cannot be passed.
        at.only(proto, "common_tls_context", "sni", "max_session_keys", "enforce_rsa_key_usage");
        return new ClientTls(TlsRules.of(proto.getCommonTlsContext(), at.field("common_tls_context")), proto.getSni());
    }
}
