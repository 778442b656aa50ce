package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.PeerCertificate;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** Certificates in and out of their text form (RFC 7468). */
final class Certificates {
    private static final int DNS_NAME = 2;
    private static final int URI_NAME = 6;
    private static final int REMEMBERED = 1_000;

    /** A chain says the same whoever asks. */
    private static final Remembered<List<X509Certificate>, PeerCertificate> PEERS = new Remembered<>(REMEMBERED);

    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Certificates() {}

    /** Reads all certificates of a text. */
    static List<X509Certificate> read(String pem) throws CertificateException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (var certificate :
                factory().generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))) {
            certificates.add((X509Certificate) certificate);
        }
        return certificates;
    }

    /** Reads all revocation lists of a text. */
    static List<X509CRL> revocations(String pem) throws CertificateException, CRLException {
        List<X509CRL> lists = new ArrayList<>();
        if (!pem.isBlank()) {
            for (var list : factory().generateCRLs(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))) {
                lists.add((X509CRL) list);
            }
        }
        return lists;
    }

    private static CertificateFactory factory() throws CertificateException {
        return CertificateFactory.getInstance("X.509");
    }

    static String pem(X509Certificate certificate) {
        try {
            return "-----BEGIN CERTIFICATE-----\n" + LINES.encodeToString(certificate.getEncoded())
                    + "\n-----END CERTIFICATE-----\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a certificate that was read cannot be written", e);
        }
    }

    /** What a chain, the peer's own certificate first, says of the peer. */
    static PeerCertificate peer(List<X509Certificate> chain) {
        PeerCertificate known = PEERS.get(chain);
        if (known == null) {
            known = read(chain);
            PEERS.put(List.copyOf(chain), known);
        }
        return known;
    }

    private static PeerCertificate read(List<X509Certificate> chain) {
        X509Certificate certificate = chain.getFirst();
        List<String> uris = new ArrayList<>();
        List<String> dnsNames = new ArrayList<>();
        List<String> others = new ArrayList<>();
        try {
            Collection<List<?>> names = Objects.requireNonNullElse(certificate.getSubjectAlternativeNames(), List.of());
            for (List<?> name : names) {
                if (name.get(1) instanceof String text) {
                    switch ((Integer) name.get(0)) {
                        case DNS_NAME -> dnsNames.add(text);
                        case URI_NAME -> uris.add(text);
                        default -> others.add(text);
                    }
                }
            }
        } catch (CertificateParsingException e) {
            // Names that cannot be read are names that it does not have.
            return new PeerCertificate(List.of(), List.of(), List.of(), "", hash(certificate), "", "");
        }
        StringBuilder all = new StringBuilder();
        chain.forEach(each -> all.append(pem(each)));
        return new PeerCertificate(
                uris,
                dnsNames,
                others,
                certificate.getSubjectX500Principal().getName(),
                hash(certificate),
                pem(certificate),
                all.toString());
    }

    /** SHA-256 of the public key (RFC 5280 4.1, SubjectPublicKeyInfo) in Base64. */
    static String keyHash(X509Certificate certificate) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-256")
                            .digest(certificate.getPublicKey().getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String hash(X509Certificate certificate) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
