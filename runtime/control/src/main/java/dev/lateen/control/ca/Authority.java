package dev.lateen.control.ca;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A signing certificate with its key, and what leads from it to a root. Immutable, for any thread; time and randomness
 * are passed in.
 *
 * @param certificate whose key signs
 * @param intermediates from the signing certificate's issuer upwards, without the root; empty when the root itself signs
 * @param roots what clients trust; the first one ends the chain
 */
record Authority(
        X509Certificate certificate, PrivateKey key, List<X509Certificate> intermediates, List<X509Certificate> roots) {
    /** A clock of a pod may be behind ours by this much. */
    private static final Duration CLOCK_SKEW = Duration.ofMinutes(2);

    private static final Duration ROOT_LIFE = Duration.ofDays(3650);
    private static final int WEAKEST_RSA = 2048;
    private static final int WEAKEST_EC = 256;

    Authority {
        intermediates = List.copyOf(intermediates);
        roots = List.copyOf(roots);
        if (roots.isEmpty()) {
            throw new IllegalArgumentException("an authority without a root");
        }
    }

    /** Whether certificates of both have the same above them. */
    boolean isSame(Authority other) {
        return certificate.equals(other.certificate)
                && intermediates.equals(other.intermediates)
                && roots.equals(other.roots);
    }

    /** A new root that signs itself, with a key of ECDSA P-256, for ten years. */
    static Authority selfSigned(String organization, Instant now, SecureRandom random) {
        KeyPair pair = newKey(random);
        X500Name name = new X500Name("O=" + organization);
        try {
            X509v3CertificateBuilder builder = builder(name, now, now.plus(ROOT_LIFE), pair.getPublic(), name, random)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                    .addExtension(
                            Extension.subjectKeyIdentifier,
                            false,
                            new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
            X509Certificate root = sign(builder, pair.getPrivate(), random);
            return new Authority(root, pair.getPrivate(), List.of(), List.of(root));
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new IllegalStateException("every JDK signs with ECDSA", e);
        }
    }

    /** A new key of ECDSA P-256. */
    static KeyPair newKey(SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has P-256", e);
        }
    }

    /**
     * Signs a certificate for both ends of TLS. It lives no longer than what signs it.
     *
     * @param names all that the certificate says of its holder: one URI for a workload, DNS names for a server
     * @return the certificate, then what leads up to the root, the root last
     * @throws IllegalArgumentException when the key is weak or of a kind that is not signed
     */
    List<X509Certificate> sign(
            PublicKey holder, List<GeneralName> names, Duration life, Instant now, SecureRandom random) {
        checkStrength(holder);
        Instant end = now.plus(life);
        for (X509Certificate above : above()) {
            Instant last = above.getNotAfter().toInstant();
            if (last.isBefore(now)) {
                throw new IllegalStateException("certificate \"" + above.getSubjectX500Principal()
                        + "\" of the authority expired at " + last + ": replace Secret cacerts");
            }
            end = last.isBefore(end) ? last : end;
        }
        try {
            X500Name issuer =
                    X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
            JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder = builder(issuer, now, end, holder, new X500Name(""), random)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(
                            Extension.keyUsage,
                            true,
                            new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment))
                    .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                        KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                    }))
                    .addExtension(
                            Extension.authorityKeyIdentifier,
                            false,
                            identifiers.createAuthorityKeyIdentifier(certificate.getPublicKey()))
                    // The subject is empty, so the names must not be overlooked (RFC 5280 4.2.1.6).
                    .addExtension(
                            Extension.subjectAlternativeName,
                            true,
                            new GeneralNames(names.toArray(GeneralName[]::new)));
            List<X509Certificate> chain = new ArrayList<>();
            chain.add(sign(builder, key, random));
            if (!roots.contains(certificate)) {
                chain.add(certificate);
            }
            chain.addAll(intermediates);
            chain.add(roots.getFirst());
            return chain;
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new IllegalStateException("cannot sign: " + e.getMessage(), e);
        }
    }

    /** What signs, and what stands between it and the root. */
    List<X509Certificate> above() {
        List<X509Certificate> above = new ArrayList<>(List.of(certificate));
        above.addAll(intermediates);
        return above;
    }

    private static X509v3CertificateBuilder builder(
            X500Name issuer, Instant now, Instant end, PublicKey holder, X500Name subject, SecureRandom random) {
        // Positive, and at most 20 bytes long (RFC 5280 4.1.2.2).
        BigInteger serial = new BigInteger(127, random).add(BigInteger.ONE);
        return new JcaX509v3CertificateBuilder(
                issuer, serial, Date.from(now.minus(CLOCK_SKEW)), Date.from(end), subject, holder);
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key, SecureRandom random)
            throws OperatorCreationException, GeneralSecurityException {
        String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm)
                        .setSecureRandom(random)
                        .build(key)));
    }

    private static void checkStrength(PublicKey holder) {
        switch (holder) {
            case RSAPublicKey rsa -> {
                if (rsa.getModulus().bitLength() < WEAKEST_RSA) {
                    throw new IllegalArgumentException(
                            "an RSA key of " + rsa.getModulus().bitLength() + " bits is too weak; use " + WEAKEST_RSA
                                    + " or more, or ECDSA P-256");
                }
            }
            case ECPublicKey ec -> {
                if (ec.getParams().getCurve().getField().getFieldSize() < WEAKEST_EC) {
                    throw new IllegalArgumentException("the curve of the ECDSA key is too weak; use P-256");
                }
            }
            default ->
                throw new IllegalArgumentException(
                        "keys of " + holder.getAlgorithm() + " are not signed; use ECDSA P-256 or RSA 2048");
        }
    }

    @Override
    public String toString() {
        // The key must never come into a log.
        return "authority \"" + certificate.getSubjectX500Principal() + "\" until "
                + certificate.getNotAfter().toInstant();
    }
}
