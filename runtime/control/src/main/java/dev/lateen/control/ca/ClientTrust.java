package dev.lateen.control.ca;

import dev.lateen.xds.TrustedRoots;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts clients whose certificate ends in a root that is trusted when the handshake comes, and is not revoked then. */
final class ClientTrust extends X509ExtendedTrustManager {
    private final Supplier<List<X509Certificate>> roots;
    private final Supplier<RevocationLists> revoked;

    ClientTrust(Supplier<List<X509Certificate>> roots, Supplier<RevocationLists> revoked) {
        this.roots = roots;
        this.revoked = revoked;
    }

    private void checkRevoked(X509Certificate[] chain) throws CertificateException {
        if (revoked.get().revoke(chain)) {
            throw new CertificateException("the certificate, or one above it, is revoked");
        }
    }

    private X509ExtendedTrustManager current() throws CertificateException {
        return TrustedRoots.of(roots.get());
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        current().checkClientTrusted(chain, authType, engine);
        checkRevoked(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        current().checkClientTrusted(chain, authType, socket);
        checkRevoked(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        current().checkClientTrusted(chain, authType);
        checkRevoked(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("for clients only");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("for clients only");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("for clients only");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return roots.get().toArray(X509Certificate[]::new);
    }
}
