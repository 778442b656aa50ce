package dev.lateen.proxy.tls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A certificate, and those above it, as lines of access logs tell of them; each text empty without one. Immutable. */
public final class CertificateFacts {
    private final List<X509Certificate> chain;

    CertificateFacts(List<X509Certificate> chain) {
        this.chain = List.copyOf(chain);
    }

    /** A kind of name, by its number in certificates (RFC 5280 4.2.1.6). */
    public enum Name {
        EMAIL(1),
        DNS(2),
        URI(6),
        IP(7);

        private final int number;

        Name(int number) {
            this.number = number;
        }
    }

    /** Its names of this kind, joined by commas. */
    public String names(Name kind) {
        List<String> names = new ArrayList<>();
        try {
            for (X509Certificate certificate : first()) {
                for (List<?> name :
                        Objects.requireNonNullElse(certificate.getSubjectAlternativeNames(), List.<List<?>>of())) {
                    if (name.get(0).equals(kind.number)) {
                        names.add(String.valueOf(name.get(1)));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            return ""; // names that cannot be read are names that it does not have
        }
        return String.join(",", names);
    }

    /** In the form of RFC 2253. */
    public String subject() {
        return joined(
                first(), certificate -> certificate.getSubjectX500Principal().getName());
    }

    /** The same of who issued it. */
    public String issuer() {
        return joined(
                first(), certificate -> certificate.getIssuerX500Principal().getName());
    }

    /** In hexadecimal digits. */
    public String serial() {
        return joined(first(), CertificateFacts::serial);
    }

    /** The same of all of the chain, joined by commas. */
    public String serials() {
        return joined(chain, CertificateFacts::serial);
    }

    /** The hash of the whole certificate by {@code SHA-1} or {@code SHA-256}, in hexadecimal digits. */
    public String fingerprint(String algorithm) {
        return joined(first(), certificate -> fingerprint(certificate, algorithm));
    }

    /** The same of all of the chain, joined by commas. */
    public String fingerprints(String algorithm) {
        return joined(chain, certificate -> fingerprint(certificate, algorithm));
    }

    /** In PEM, with percent signs for what cannot stand in an address, as Envoy writes it. */
    public String encoded() {
        return joined(first(), Certificates::pem)
                .replace("\n", "%0A")
                .replace(" ", "%20")
                .replace("+", "%2B")
                .replace("/", "%2F")
                .replace("=", "%3D");
    }

    /** From when on it is valid; null without a certificate. */
    public @Nullable Instant validFrom() {
        return chain.isEmpty() ? null : chain.getFirst().getNotBefore().toInstant();
    }

    /** Until when. */
    public @Nullable Instant validUntil() {
        return chain.isEmpty() ? null : chain.getFirst().getNotAfter().toInstant();
    }

    private List<X509Certificate> first() {
        return chain.subList(0, Math.min(1, chain.size()));
    }

    private static String joined(List<X509Certificate> certificates, Function<X509Certificate, String> text) {
        return String.join(",", certificates.stream().map(text).toList());
    }

    private static String serial(X509Certificate certificate) {
        BigInteger number = certificate.getSerialNumber();
        String digits = number.toString(16);
        return digits.length() % 2 == 0 ? digits : "0" + digits;
    }

    private static String fingerprint(X509Certificate certificate, String algorithm) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }
}
