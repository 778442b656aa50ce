package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.util.List;

/**
 * TLS towards an endpoint ({@code envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext}). Each connection
 * verifies its server anew, one that resumes a session too.
 *
 * @param serverName the name asked for (RFC 6066 3), or empty; sessions are kept by it, so without one there are none
 * @param sessions how many sessions are kept to be resumed; 0 forbids it
 */
public record ClientTls(TlsRules rules, String serverName, int sessions) {
    /** As Envoy's. */
    private static final int DEFAULT_SESSIONS = 1;

    private static final List<String> MESH = List.of("istio");
    private static final List<String> EITHER = List.of("h2", "http/1.1");
    private static final List<String> MESH_HTTP1 = List.of("istio-http/1.1", "istio", "http/1.1");

    /** Compiles a context. */
    public static ClientTls of(UpstreamTlsContext proto, Place at) throws CompileException {
        return new ClientTls(
                TlsRules.of(proto.getCommonTlsContext(), at.field("common_tls_context")),
                proto.getSni(),
                proto.hasMaxSessionKeys() ? proto.getMaxSessionKeys().getValue() : DEFAULT_SESSIONS);
    }

    /**
     * The same for a connection that will carry HTTP/1.1. Peers of the mesh tell by ALPN what is inside; where the
     * configuration offers only {@code istio}, since it could not know, HTTP is offered here (Istio's filter {@code
     * istio.alpn}).
     */
    public ClientTls forHttp1() {
        return rules.alpn().equals(MESH) ? new ClientTls(rules.withAlpn(MESH_HTTP1), serverName, sessions) : this;
    }

    /** The same for a connection that will carry HTTP/2 or HTTP/1.1, as the other end chooses. */
    public ClientTls forEither() {
        return new ClientTls(rules.withAlpn(EITHER), serverName, sessions);
    }
}
