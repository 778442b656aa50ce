package dev.lateen.proxy.http;

import dev.lateen.proxy.tls.CertificateFacts;
import dev.lateen.proxy.tls.ConnectionTls;
import dev.lateen.proxycore.format.Operator;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What lines of access logs say about the TLS of a connection, to whichever side. */
final class TlsFormat {
    private TlsFormat() {}

    /** The operator's value; null when it is not known, or none of TLS. */
    static @Nullable String value(@Nullable ConnectionTls tls, Operator operator, String argument) {
        if (tls == null) {
            return null;
        }
        String text =
                switch (operator) {
                    case DOWNSTREAM_TLS_VERSION, UPSTREAM_TLS_VERSION -> tls.version();
                    case DOWNSTREAM_TLS_CIPHER, UPSTREAM_TLS_CIPHER -> tls.cipher();
                    case DOWNSTREAM_TLS_SESSION_ID, UPSTREAM_TLS_SESSION_ID -> tls.sessionId();
                    case UPSTREAM_SERVER_NAME -> tls.serverName();
                    case DOWNSTREAM_PEER_CERT_V_START, UPSTREAM_PEER_CERT_V_START ->
                        moment(tls.peer().validFrom(), argument);
                    case DOWNSTREAM_PEER_CERT_V_END, UPSTREAM_PEER_CERT_V_END ->
                        moment(tls.peer().validUntil(), argument);
                    case DOWNSTREAM_LOCAL_SUBJECT -> tls.own().subject();
                    case DOWNSTREAM_LOCAL_URI_SAN, UPSTREAM_LOCAL_URI_SAN ->
                        tls.own().names(CertificateFacts.Name.URI);
                    case DOWNSTREAM_LOCAL_DNS_SAN, UPSTREAM_LOCAL_DNS_SAN ->
                        tls.own().names(CertificateFacts.Name.DNS);
                    case DOWNSTREAM_LOCAL_IP_SAN, UPSTREAM_LOCAL_IP_SAN ->
                        tls.own().names(CertificateFacts.Name.IP);
                    case DOWNSTREAM_LOCAL_EMAIL_SAN -> tls.own().names(CertificateFacts.Name.EMAIL);
                    default -> peer(tls.peer(), operator);
                };
        return text.isEmpty() ? null : text;
    }

    private static String peer(CertificateFacts peer, Operator operator) {
        return switch (operator) {
            case UPSTREAM_PEER_SUBJECT -> peer.subject();
            case DOWNSTREAM_PEER_ISSUER, UPSTREAM_PEER_ISSUER -> peer.issuer();
            case DOWNSTREAM_PEER_CERT, UPSTREAM_PEER_CERT -> peer.encoded();
            case DOWNSTREAM_PEER_SERIAL -> peer.serial();
            case DOWNSTREAM_PEER_CHAIN_SERIALS -> peer.serials();
            case DOWNSTREAM_PEER_FINGERPRINT_1 -> peer.fingerprint("SHA-1");
            case DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 -> peer.fingerprints("SHA-1");
            case DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256 -> peer.fingerprints("SHA-256");
            case UPSTREAM_PEER_URI_SAN -> peer.names(CertificateFacts.Name.URI);
            case UPSTREAM_PEER_DNS_SAN -> peer.names(CertificateFacts.Name.DNS);
            case DOWNSTREAM_PEER_IP_SAN, UPSTREAM_PEER_IP_SAN -> peer.names(CertificateFacts.Name.IP);
            case DOWNSTREAM_PEER_EMAIL_SAN -> peer.names(CertificateFacts.Name.EMAIL);
            default -> "";
        };
    }

    private static String moment(@Nullable Instant moment, String argument) {
        return moment == null ? "" : Moments.text(moment, argument, false);
    }
}
