package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Certificates and public keys that alone are taken, by their SHA-256 ({@code verify_certificate_hash} and {@code
 * verify_certificate_spki} of a validation context). One match of either list is enough.
 *
 * @param certificates hashes of whole certificates, in lower-case hexadecimal digits
 * @param keys hashes of public keys (SubjectPublicKeyInfo), in Base64
 */
public record CertificatePins(List<String> certificates, List<String> keys) {
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9+/]{43}=");
    private static final int HASH_DIGITS = 64;

    public CertificatePins {
        certificates = List.copyOf(certificates);
        keys = List.copyOf(keys);
    }

    static CertificatePins of(CertificateValidationContext proto, Place at) throws CompileException {
        List<String> certificates = new ArrayList<>();
        for (int i = 0; i < proto.getVerifyCertificateHashCount(); i++) {
            String hash = proto.getVerifyCertificateHash(i).replace(":", "").toLowerCase(Locale.ROOT);
            if (hash.length() != HASH_DIGITS || !hash.chars().allMatch(HexFormat::isHexDigit)) {
                throw at.item("verify_certificate_hash", i).refuse("is no SHA-256 in hexadecimal digits");
            }
            certificates.add(hash);
        }
        for (int i = 0; i < proto.getVerifyCertificateSpkiCount(); i++) {
            if (!KEY.matcher(proto.getVerifyCertificateSpki(i)).matches()) {
                throw at.item("verify_certificate_spki", i).refuse("is no SHA-256 in Base64");
            }
        }
        return new CertificatePins(certificates, proto.getVerifyCertificateSpkiList());
    }

    /** Whether a certificate is taken; with no pins, every one. */
    public boolean take(String certificateHash, Supplier<String> keyHash) {
        boolean none = certificates.isEmpty() && keys.isEmpty();
        return none || certificates.contains(certificateHash) || (!keys.isEmpty() && keys.contains(keyHash.get()));
    }
}
