package dev.lateen.proxy.upstream;

import dev.lateen.proxycore.cluster.UpstreamHttp;

/** Which HTTP a connection to a host speaks. */
public enum HttpVersion {
    HTTP1,
    HTTP2;

    /**
     * The version for a request.
     *
     * @param downstreamIsHttp2 whether the request came by HTTP/2
     */
    static HttpVersion of(UpstreamHttp http, boolean downstreamIsHttp2) {
        return switch (http.protocol()) {
            case HTTP1 -> HTTP1;
            case HTTP2 -> HTTP2;
            case DOWNSTREAM -> downstreamIsHttp2 ? HTTP2 : HTTP1;
            case AUTO -> HTTP1; // ALPN decides, and there is none in the clear
        };
    }
}
