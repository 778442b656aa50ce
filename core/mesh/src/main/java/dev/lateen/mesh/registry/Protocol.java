package dev.lateen.mesh.registry;

import java.util.Locale;
import java.util.Map;

/** What is spoken on a port, as Istio tells protocols apart. */
public enum Protocol {
    HTTP,
    HTTP2,
    GRPC,
    GRPC_WEB,
    HTTP_PROXY,
    HTTPS,
    TLS,
    TCP,
    MONGO,
    MYSQL,
    REDIS,
    /** Not over TCP: proxies leave it alone. */
    UDP,
    /** Not said: the proxy looks at the first bytes. */
    UNKNOWN;

    /** Ports where the server speaks first, so that looking at the caller's bytes would wait for ever. */
    private static final Map<Integer, Protocol> SERVER_FIRST = Map.of(25, TCP, 53, TCP, 3306, TCP, 27017, TCP);

    /** By the name in ServiceEntries and Gateways, in any case. */
    public static Protocol parse(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "http" -> HTTP;
            case "http2" -> HTTP2;
            case "grpc" -> GRPC;
            case "grpc-web" -> GRPC_WEB;
            case "http_proxy", "http-proxy" -> HTTP_PROXY;
            case "https" -> HTTPS;
            case "tls" -> TLS;
            case "tcp" -> TCP;
            case "mongo" -> MONGO;
            case "mysql" -> MYSQL;
            case "redis" -> REDIS;
            case "udp" -> UDP;
            default -> UNKNOWN;
        };
    }

    /**
     * Of a port of a Kubernetes Service: its {@code appProtocol}, else the prefix of its name before {@code -}.
     *
     * @param transport TCP, UDP or SCTP
     * @param appProtocol empty when not given
     */
    public static Protocol ofServicePort(int number, String name, String transport, String appProtocol) {
        if (!transport.equals("TCP")) {
            return UDP;
        }
        Protocol said =
                switch (appProtocol) {
                    case "" -> ofName(name);
                    case "kubernetes.io/h2c" -> HTTP2;
                    case "kubernetes.io/ws" -> HTTP;
                    case "kubernetes.io/wss" -> HTTPS;
                    default -> parse(appProtocol);
                };
        return said == UNKNOWN ? SERVER_FIRST.getOrDefault(number, UNKNOWN) : said;
    }

    private static Protocol ofName(String name) {
        if (name.toLowerCase(Locale.ROOT).startsWith("grpc-web")) {
            return GRPC_WEB;
        }
        int dash = name.indexOf('-');
        return parse(dash < 0 ? name : name.substring(0, dash));
    }

    /** Requests are told apart. */
    public boolean isHttp() {
        return switch (this) {
            case HTTP, HTTP2, GRPC, GRPC_WEB, HTTP_PROXY -> true;
            default -> false;
        };
    }

    /** Spoken over HTTP/2 to the server. */
    public boolean isHttp2() {
        return this == HTTP2 || this == GRPC || this == GRPC_WEB;
    }

    /** The caller makes TLS, which the proxy passes on by server name. */
    public boolean isTls() {
        return this == HTTPS || this == TLS;
    }

    /** Passed on as bytes, TLS included. */
    public boolean isOpaque() {
        return !isHttp() && this != UNKNOWN && this != UDP;
    }
}
