package dev.lateen.mesh.security;

import io.fabric8.kubernetes.api.model.ConfigMap;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;

/**
 * Roots in a ConfigMap. Immutable.
 *
 * @param pem certificates (RFC 7468)
 * @param flaw why there are none that can be used; empty when there are
 */
public record TrustBundle(String pem, String flaw) {
    /** The key of a ConfigMap. */
    public static final String KEY = "ca.crt";

    /** Reads a ConfigMap. */
    public static TrustBundle of(ConfigMap map) {
        String pem = map.getData() == null ? null : map.getData().get(KEY);
        if (pem == null && map.getBinaryData() != null && map.getBinaryData().containsKey(KEY)) {
            pem = new String(Base64.getMimeDecoder().decode(map.getBinaryData().get(KEY)), StandardCharsets.US_ASCII);
        }
        if (pem == null) {
            return new TrustBundle("", "has no key " + KEY);
        }
        try {
            boolean none = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
                    .isEmpty();
            return none
                    ? new TrustBundle("", "has no certificate under key " + KEY)
                    : new TrustBundle(pem.endsWith("\n") ? pem : pem + "\n", "");
        } catch (CertificateException e) {
            return new TrustBundle("", "cannot be read under key " + KEY + ": " + e.getMessage());
        }
    }
}
