package dev.lateen.acceptance.kubernetes;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** The certificate that a port of this machine shows. */
final class ShownCertificate {
    private ShownCertificate() {}

    /**
     * To a caller who trusts these roots.
     *
     * @param roots in PEM
     * @throws IOException when it is not of them
     */
    static X509Certificate at(int port, String roots) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (Certificate root : CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(roots.getBytes(StandardCharsets.UTF_8)))) {
            store.setCertificateEntry("root" + store.size(), root);
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(store);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, managers.getTrustManagers(), null);
        try (SSLSocket socket =
                (SSLSocket) tls.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }
}
