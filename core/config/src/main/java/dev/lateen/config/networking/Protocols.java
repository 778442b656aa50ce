package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.util.Locale;
import java.util.Set;

/** Names of protocols in ports of Gateways and ServiceEntries. */
final class Protocols {
    private static final Set<String> KNOWN = Set.of(
            "HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB", "HTTPS", "TCP", "TLS", "MONGO", "MYSQL", "REDIS", "UDP");

    private static final Set<String> HTTP = Set.of("HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB");
    private static final Set<String> TLS = Set.of("HTTPS", "TLS");

    private Protocols() {}

    /** Whether requests are seen, as they are not within TLS that others end. */
    static boolean isHttp(String protocol) {
        return HTTP.contains(protocol.toUpperCase(Locale.ROOT));
    }

    /** Whether connections begin with TLS. */
    static boolean isTls(String protocol) {
        return TLS.contains(protocol.toUpperCase(Locale.ROOT));
    }

    static void check(String protocol, Findings findings) {
        if (!KNOWN.contains(protocol.toUpperCase(Locale.ROOT))) {
            findings.error(
                    "protocol",
                    "\"" + protocol
                            + "\" is none of HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, MYSQL, REDIS, UDP");
        }
    }
}
