package dev.lateen.control.secret;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Reads certificates out of Secrets, in both of the shapes that Istio knows: keys {@code cert}, {@code key}, {@code
 * cacert}, {@code crl}; or {@code tls.crt}, {@code tls.key}, {@code ca.crt}, {@code ca.crl}.
 */
final class SecretContent {
    private SecretContent() {}

    /**
     * What a proxy gets.
     *
     * @param resource name that the proxy asked for
     * @param roots whether the roots are meant, not the certificate
     * @throws IllegalArgumentException when the Secret does not hold it; says which keys it should have
     */
    static Secret read(String resource, io.fabric8.kubernetes.api.model.Secret secret, boolean roots) {
        return roots ? roots(resource, secret) : certificate(resource, secret);
    }

    private static Secret certificate(String resource, io.fabric8.kubernetes.api.model.Secret secret) {
        boolean generic = has(secret, "cert") && has(secret, "key");
        if (!generic && !(has(secret, "tls.crt") && has(secret, "tls.key"))) {
            throw new IllegalArgumentException("needs keys tls.crt and tls.key, or cert and key; " + found(secret));
        }
        ByteString chain = value(secret, generic ? "cert" : "tls.crt");
        check(chain, generic ? "cert" : "tls.crt");
        return Secret.newBuilder()
                .setName(resource)
                .setTlsCertificate(TlsCertificate.newBuilder()
                        .setCertificateChain(inline(chain))
                        .setPrivateKey(inline(value(secret, generic ? "key" : "tls.key"))))
                .build();
    }

    private static Secret roots(String resource, io.fabric8.kubernetes.api.model.Secret secret) {
        boolean generic = has(secret, "cacert");
        if (!generic && !has(secret, "ca.crt")) {
            throw new IllegalArgumentException("needs key ca.crt or cacert; " + found(secret));
        }
        String key = generic ? "cacert" : "ca.crt";
        check(value(secret, key), key);
        CertificateValidationContext.Builder trust =
                CertificateValidationContext.newBuilder().setTrustedCa(inline(value(secret, key)));
        String revoked = generic ? "crl" : "ca.crl";
        if (has(secret, revoked)) {
            trust.setCrl(inline(value(secret, revoked)));
        }
        return Secret.newBuilder().setName(resource).setValidationContext(trust).build();
    }

    /** When the first of the certificates that a proxy gets ends. */
    static Optional<Instant> end(Secret secret) {
        DataSource source = secret.hasTlsCertificate()
                ? secret.getTlsCertificate().getCertificateChain()
                : secret.getValidationContext().getTrustedCa();
        try {
            return certificates(source.getInlineBytes())
                    .map(certificate -> certificate.getNotAfter().toInstant())
                    .min(Instant::compareTo);
        } catch (CertificateException e) {
            throw new IllegalStateException("a certificate that was read cannot be read again", e);
        }
    }

    /** A proxy refuses all of its secrets when one of them is none. */
    private static void check(ByteString pem, String key) {
        try {
            if (certificates(pem).findAny().isEmpty()) {
                throw new IllegalArgumentException("has no certificate in key " + key);
            }
        } catch (CertificateException e) {
            throw new IllegalArgumentException(
                    "has something else than certificates in key " + key + ": " + e.getMessage(), e);
        }
    }

    private static java.util.stream.Stream<X509Certificate> certificates(ByteString pem) throws CertificateException {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.toByteArray()))
                .stream()
                .map(X509Certificate.class::cast);
    }

    private static Map<String, String> data(io.fabric8.kubernetes.api.model.Secret secret) {
        return Objects.requireNonNullElse(secret.getData(), Map.of());
    }

    private static boolean has(io.fabric8.kubernetes.api.model.Secret secret, String key) {
        return !data(secret).getOrDefault(key, "").isBlank();
    }

    private static ByteString value(io.fabric8.kubernetes.api.model.Secret secret, String key) {
        return ByteString.copyFrom(Base64.getMimeDecoder().decode(data(secret).getOrDefault(key, "")));
    }

    private static DataSource inline(ByteString bytes) {
        return DataSource.newBuilder().setInlineBytes(bytes).build();
    }

    private static String found(io.fabric8.kubernetes.api.model.Secret secret) {
        return data(secret).isEmpty()
                ? "it has none"
                : "it has " + String.join(", ", new TreeSet<>(data(secret).keySet()));
    }
}
