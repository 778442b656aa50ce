package dev.lateen.proxy.tls;

import dev.lateen.xds.TrustedRoots;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts the roots that stand in a file when a handshake comes: the file may not be there yet when the proxy starts, and
 * the node changes it. The name of the server is checked as in HTTPS.
 */
public final class ControlPlaneTrust extends X509ExtendedTrustManager {
    private final Path file;

    public ControlPlaneTrust(Path file) {
        this.file = file;
    }

    private X509ExtendedTrustManager current() throws CertificateException {
        try {
            return TrustedRoots.of(Certificates.read(Files.readString(file)));
        } catch (IOException | GeneralSecurityException e) {
            throw new CertificateException("the mesh's roots cannot be read from " + file + ": " + e, e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        current().checkServerTrusted(chain, authType, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        current().checkServerTrusted(chain, authType, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        // Without the engine the name could not be checked.
        throw new CertificateException("a server is trusted on a connection only");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("for servers only");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("for servers only");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("for servers only");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0]; // tells servers nothing: a hint for choosing certificates of clients
    }
}
