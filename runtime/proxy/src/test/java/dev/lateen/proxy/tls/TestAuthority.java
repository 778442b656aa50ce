package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.Material;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority for tests: signs whatever is wanted. */
public final class TestAuthority {
    private static final X500Name NAME = new X500Name("O=test root");

    private final KeyPair pair;
    private final X509Certificate root;
    private int serial = 1;

    private TestAuthority(KeyPair pair, X509Certificate root) {
        this.pair = pair;
        this.root = root;
    }

    public static TestAuthority create(Instant now) {
        try {
            KeyPair pair = pair("EC", 256);
            X509Certificate root = new JcaX509CertificateConverter()
                    .getCertificate(new JcaX509v3CertificateBuilder(
                                    NAME,
                                    BigInteger.ONE,
                                    Date.from(now.minusSeconds(864_000)),
                                    Date.from(now.plusSeconds(864_000)),
                                    NAME,
                                    pair.getPublic())
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                            .addExtension(
                                    Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
            return new TestAuthority(pair, root);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static KeyPair pair(String algorithm, int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    public Material.Trust trust() {
        return new Material.Trust(Certificates.pem(root), "", false);
    }

    /** A certificate of this SPIFFE id, or of this DNS name. */
    public Material.Certificate issue(String name, Instant from, Instant to) {
        return issue(name, from, to, "EC", 256);
    }

    /** One that its holder signed, in the name of this authority. */
    Material.Certificate selfSigned(String name, Instant from, Instant to) {
        return issue(name, from, to, "EC", 256, true);
    }

    Material.Certificate issue(String name, Instant from, Instant to, String algorithm, int bits) {
        return issue(name, from, to, algorithm, bits, false);
    }

    private Material.Certificate issue(
            String name, Instant from, Instant to, String algorithm, int bits, boolean byItself) {
        try {
            KeyPair holder = pair(algorithm, bits);
            int kind = name.contains("://") ? GeneralName.uniformResourceIdentifier : GeneralName.dNSName;
            X509Certificate certificate = new JcaX509CertificateConverter()
                    .getCertificate(new JcaX509v3CertificateBuilder(
                                    NAME,
                                    BigInteger.valueOf(++serial),
                                    Date.from(from),
                                    Date.from(to),
                                    new X500Name(""),
                                    holder.getPublic())
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                            .addExtension(
                                    Extension.subjectAlternativeName,
                                    true,
                                    new GeneralNames(new GeneralName(kind, name)))
                            .build(new JcaContentSignerBuilder("SHA256withECDSA")
                                    .build((byItself ? holder : pair).getPrivate())));
            return new Material.Certificate(Certificates.pem(certificate), pem(holder.getPrivate()));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Trust in this authority, but for this certificate. */
    Material.Trust trustWithout(Material.Certificate revoked, Instant now) {
        try {
            X509Certificate certificate = Certificates.read(revoked.chain()).getFirst();
            byte[] list = new X509v2CRLBuilder(NAME, Date.from(now.minusSeconds(60)))
                    .setNextUpdate(Date.from(now.plusSeconds(3600)))
                    .addCRLEntry(
                            certificate.getSerialNumber(), Date.from(now.minusSeconds(30)), CRLReason.keyCompromise)
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
                    .getEncoded();
            String pem = "-----BEGIN X509 CRL-----\n" + Base64.getMimeEncoder().encodeToString(list)
                    + "\n-----END X509 CRL-----\n";
            return new Material.Trust(Certificates.pem(root), pem, false);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(PrivateKey key) {
        return "-----BEGIN PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(key.getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
    }
}
