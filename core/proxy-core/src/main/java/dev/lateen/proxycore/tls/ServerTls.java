package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;

/**
 * TLS towards a client ({@code envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext}). Sessions are never
 * resumed: each connection verifies its client anew.
 *
 * @param requireCertificate whether a client without a certificate is refused
 */
public record ServerTls(TlsRules rules, boolean requireCertificate) {
    /** Compiles a context. */
    public static ServerTls of(DownstreamTlsContext proto, Place at) throws CompileException {
        TlsRules rules = TlsRules.of(proto.getCommonTlsContext(), at.field("common_tls_context"));
        if (rules.certificates().isEmpty()) {
            throw at.field("common_tls_context").refuse("a server needs a certificate");
        }
        return new ServerTls(rules, proto.getRequireClientCertificate().getValue());
    }
}
