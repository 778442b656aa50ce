package dev.lateen.xds;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trust in a list of roots, for either end of a stream of configuration (RFC 5280 section 6). */
public final class TrustedRoots {
    private TrustedRoots() {}

    /**
     * Trusts chains that end in one of the roots.
     *
     * @throws CertificateException when the JDK cannot use them; says why
     */
    public static X509ExtendedTrustManager of(List<X509Certificate> roots) throws CertificateException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < roots.size(); i++) {
                store.setCertificateEntry("root-" + i, roots.get(i));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager found) {
                    return found;
                }
            }
            throw new CertificateException("the JDK has no trust manager");
        } catch (IOException | GeneralSecurityException e) {
            throw new CertificateException("the mesh's roots cannot be used: " + e, e);
        }
    }
}
