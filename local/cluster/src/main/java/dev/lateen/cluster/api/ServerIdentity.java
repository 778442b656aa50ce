package dev.lateen.cluster.api;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The cluster's certificate authority, the server's certificate under it, and the secrets that tokens rest on. Kept in
 * a directory, so that a cluster that starts again is still the one that clients trust.
 */
final class ServerIdentity {
    private static final Duration LIFE = Duration.ofDays(3650);
    private static final List<String> NAMES = List.of(
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "localhost");
    private static final List<String> ADDRESSES = List.of("127.0.0.1", "10.96.0.1");

    private final X509Certificate authority;
    private final X509Certificate certificate;
    private final PrivateKey key;
    private final String adminToken;
    private final byte[] tokenKey;

    private ServerIdentity(
            X509Certificate authority,
            X509Certificate certificate,
            PrivateKey key,
            String adminToken,
            byte[] tokenKey) {
        this.authority = authority;
        this.certificate = certificate;
        this.key = key;
        this.adminToken = adminToken;
        this.tokenKey = tokenKey;
    }

    /** The identity kept in this directory, made there the first time. */
    static ServerIdentity load(Path directory) throws IOException {
        try {
            Path file = directory.resolve("identity.pem");
            if (!Files.exists(file)) {
                make(file);
            }
            return read(file);
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IOException("cannot make the cluster's certificates: " + e.getMessage(), e);
        }
    }

    private static void make(Path file) throws IOException, GeneralSecurityException, OperatorCreationException {
        KeyPair root = keyPair();
        X500Name issuer = new X500Name("CN=lateen-cluster-ca");
        X509Certificate authority = sign(issuer, issuer, root, root, true);
        KeyPair server = keyPair();
        X509Certificate certificate = sign(issuer, new X500Name("CN=kube-apiserver"), server, root, false);
        StringWriter text = new StringWriter();
        try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
            pem.writeObject(authority);
            pem.writeObject(certificate);
            pem.writeObject(new JcaPKCS8Generator(server.getPrivate(), null));
        }
        SecureRandom random = new SecureRandom();
        byte[] token = new byte[32];
        byte[] tokenKey = new byte[32];
        random.nextBytes(token);
        random.nextBytes(tokenKey);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text + hex(token) + "\n" + hex(tokenKey) + "\n");
    }

    private static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    private static KeyPair keyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static X509Certificate sign(X500Name issuer, X500Name subject, KeyPair pair, KeyPair signer, boolean ca)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        Instant now = Instant.now();
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(120, new SecureRandom()),
                Date.from(now.minusSeconds(60)),
                Date.from(now.plus(LIFE)),
                subject,
                pair.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(ca));
        if (!ca) {
            List<GeneralName> names = new java.util.ArrayList<>();
            NAMES.forEach(name -> names.add(new GeneralName(GeneralName.dNSName, name)));
            ADDRESSES.forEach(address -> names.add(new GeneralName(GeneralName.iPAddress, address)));
            builder.addExtension(
                    Extension.subjectAlternativeName, false, new GeneralNames(names.toArray(GeneralName[]::new)));
        }
        X509CertificateHolder holder =
                builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate()));
        return new JcaX509CertificateConverter().getCertificate(holder);
    }

    private static ServerIdentity read(Path file) throws IOException, GeneralSecurityException {
        String text = Files.readString(file);
        JcaX509CertificateConverter certificates = new JcaX509CertificateConverter();
        try (PEMParser pem = new PEMParser(new StringReader(text))) {
            if (pem.readObject() instanceof X509CertificateHolder authority
                    && pem.readObject() instanceof X509CertificateHolder certificate
                    && pem.readObject() instanceof PrivateKeyInfo key) {
                List<String> lines = text.lines().toList();
                return new ServerIdentity(
                        certificates.getCertificate(authority),
                        certificates.getCertificate(certificate),
                        new JcaPEMKeyConverter().getPrivateKey(key),
                        lines.get(lines.size() - 2),
                        java.util.HexFormat.of().parseHex(lines.getLast()));
            }
        }
        throw new IOException(file + " is damaged; remove the cluster's data with lateen down");
    }

    PrivateKey key() {
        return key;
    }

    X509Certificate[] chain() {
        return new X509Certificate[] {certificate, authority};
    }

    String adminToken() {
        return adminToken;
    }

    byte[] tokenKey() {
        return tokenKey.clone();
    }

    /** The authority's certificate as PEM. */
    String authorityPem() throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
            pem.writeObject(authority);
        }
        return text.toString();
    }
}
