package dev.lateen.proxy.upstream;

import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;

/** Which HTTP a connection to a host speaks. */
public enum HttpVersion {
    HTTP1,
    HTTP2,
    /** Whichever of the two both ends have agreed on in the handshake of TLS. */
    NEGOTIATED,
    /** None: the connection carries the bytes of one tunnel. */
    NONE;

    /**
     * The version for a request.
     *
     * @param downstreamIsHttp2 whether the request came by HTTP/2
     */
    static HttpVersion of(LiveCluster cluster, Host host, boolean downstreamIsHttp2) {
        return switch (cluster.config().http().protocol()) {
            case HTTP1 -> HTTP1;
            case HTTP2 -> HTTP2;
            case DOWNSTREAM -> downstreamIsHttp2 ? HTTP2 : HTTP1;
            case AUTO ->
                // In the clear nothing is negotiated.
                cluster.transport(host).securesUpstream() ? NEGOTIATED : HTTP1;
        };
    }
}
