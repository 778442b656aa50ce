package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.CipherSuites;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * What the handshake of a connection settled, for logs. It outlives the connection, and reads certificates when it is
 * first asked about them. One event loop.
 */
public final class ConnectionTls {
    private static final AttributeKey<ConnectionTls> KEY = AttributeKey.valueOf(ConnectionTls.class, "tls");

    private final SSLSession session;
    private final boolean trusted;
    private final String serverName;
    private @Nullable CertificateFacts peer;
    private @Nullable CertificateFacts own;

    private ConnectionTls(SSLSession session, boolean trusted, String serverName) {
        this.session = session;
        this.trusted = trusted;
        this.serverName = serverName;
    }

    /**
     * The handshake of this connection is done.
     *
     * @param trusted whether the peer is who its certificate says
     * @param serverName that was asked for, or empty
     */
    static void note(Channel channel, SSLSession session, boolean trusted, String serverName) {
        channel.attr(KEY).set(new ConnectionTls(session, trusted, serverName));
    }

    /** What the handshake of a connection settled; null where there was none. */
    public static @Nullable ConnectionTls of(Channel channel) {
        return channel.attr(KEY).get();
    }

    /** Such as {@code TLSv1.3}. */
    public String version() {
        return session.getProtocol();
    }

    /** BoringSSL's name. */
    public String cipher() {
        return CipherSuites.boring(session.getCipherSuite());
    }

    /** In hexadecimal digits; empty where there is none. */
    public String sessionId() {
        return HexFormat.of().formatHex(session.getId());
    }

    /** The name that was asked for, or empty. */
    public String serverName() {
        return serverName;
    }

    /** The other end's certificate; nothing where it has shown none, or none that is trusted. */
    public CertificateFacts peer() {
        CertificateFacts known = peer;
        if (known == null) {
            known = new CertificateFacts(trusted ? shown() : List.of());
            peer = known;
        }
        return known;
    }

    private List<X509Certificate> shown() {
        try {
            return x509(session.getPeerCertificates());
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    /** This end's certificate. */
    public CertificateFacts own() {
        CertificateFacts known = own;
        if (known == null) {
            known = new CertificateFacts(x509(session.getLocalCertificates()));
            own = known;
        }
        return known;
    }

    private static List<X509Certificate> x509(Certificate @Nullable [] certificates) {
        List<X509Certificate> known = new ArrayList<>();
        for (Certificate certificate : certificates == null ? new Certificate[0] : certificates) {
            known.add((X509Certificate) certificate);
        }
        return known;
    }
}
