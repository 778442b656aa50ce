package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;

/**
 * TLS towards a client ({@code envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext}). Each connection
 * verifies its client anew, one that resumes a session too.
 *
 * @param requireCertificate whether a client without a certificate is refused
 * @param resumes whether sessions may be resumed, which a configuration can forbid for those kept here or for those that
 *     clients keep (RFC 5077); either is enough to forbid both
 */
public record ServerTls(TlsRules rules, boolean requireCertificate, boolean resumes) {
    /** Compiles a context. */
    public static ServerTls of(DownstreamTlsContext proto, Place at) throws CompileException {
        TlsRules rules = TlsRules.of(proto.getCommonTlsContext(), at.field("common_tls_context"));
        if (rules.certificates().isEmpty()) {
            throw at.field("common_tls_context").refuse("a server needs a certificate");
        }
        boolean resumes = !proto.getDisableStatelessSessionResumption() && !proto.getDisableStatefulSessionResumption();
        return new ServerTls(rules, proto.getRequireClientCertificate().getValue(), resumes);
    }
}
