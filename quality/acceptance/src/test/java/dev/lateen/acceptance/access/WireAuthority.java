package dev.lateen.acceptance.access;

import dev.lateen.xds.ca.CertificateChain;
import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.ca.CertificateService;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceProvider;
import dev.lateen.xds.server.XdsMetrics;
import dev.lateen.xds.server.XdsServer;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
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
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/** An authority of a mesh without a cluster: gives certificates to the one workload there is, and to callers any. */
final class WireAuthority {
    /** Who the workload is. */
    static final String WORKLOAD = "spiffe://cluster.local/ns/default/sa/web";

    private static final X500Name NAME = new X500Name("O=wire");
    /** In seconds. */
    private static final int LIFE = 36_000;

    private final KeyPair pair;
    private final X509Certificate root;
    private int serial = 1;

    WireAuthority() throws GeneralSecurityException, IOException {
        pair = pair();
        root = sign(pair.getPrivate(), pair.getPublic(), NAME, null, true, -60, LIFE);
    }

    /** A key with its certificate. */
    record Identity(KeyPair key, X509Certificate certificate) {}

    static KeyPair pair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    X509Certificate root() {
        return root;
    }

    Identity issue(String uri) throws GeneralSecurityException, IOException {
        return issue(uri, -60, LIFE);
    }

    /** One that is valid from and to these times, in seconds from now. */
    Identity issue(String uri, int from, int to) throws GeneralSecurityException, IOException {
        KeyPair key = pair();
        return new Identity(
                key, sign(pair.getPrivate(), key.getPublic(), new X500Name(""), name(uri), false, from, to));
    }

    /** One that its holder has signed, in the name of this authority. */
    Identity selfSigned(String uri) throws GeneralSecurityException, IOException {
        KeyPair key = pair();
        return new Identity(
                key, sign(key.getPrivate(), key.getPublic(), new X500Name(""), name(uri), false, -60, LIFE));
    }

    /** One of a DNS name. */
    Identity named(String dns) throws GeneralSecurityException, IOException {
        KeyPair key = pair();
        return new Identity(key, sign(key.getPublic(), new GeneralName(GeneralName.dNSName, dns)));
    }

    private static GeneralName name(String uri) {
        return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
    }

    /** The list of those that are revoked, in PEM. */
    String revoking(Collection<Identity> revoked) throws GeneralSecurityException, IOException {
        Instant now = Instant.now();
        X509v2CRLBuilder list = new X509v2CRLBuilder(NAME, Date.from(now.minusSeconds(60)))
                .setNextUpdate(Date.from(now.plusSeconds(LIFE)));
        for (Identity each : revoked) {
            list.addCRLEntry(
                    each.certificate().getSerialNumber(), Date.from(now.minusSeconds(30)), CRLReason.keyCompromise);
        }
        try {
            return pem(list.build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private X509Certificate sign(PublicKey holder, GeneralName name) throws GeneralSecurityException, IOException {
        return sign(pair.getPrivate(), holder, new X500Name(""), name, false, -60, LIFE);
    }

    private synchronized X509Certificate sign(
            PrivateKey signer,
            PublicKey holder,
            X500Name subject,
            @org.jspecify.annotations.Nullable GeneralName name,
            boolean authority,
            int from,
            int to)
            throws GeneralSecurityException, IOException {
        Instant now = Instant.now();
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    NAME,
                    BigInteger.valueOf(serial++),
                    Date.from(now.plusSeconds(from)),
                    Date.from(now.plusSeconds(to)),
                    subject,
                    holder);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (authority) {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            }
            if (name != null) {
                builder.addExtension(Extension.subjectAlternativeName, true, new GeneralNames(name));
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** A certificate, or a list of those that are revoked, as text. */
    static String pem(Object certificate) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(certificate);
        }
        return text.toString();
    }

    /** Serves certificates of the workload on the loopback. */
    XdsServer serve() throws IOException, GeneralSecurityException {
        KeyPair key = pair();
        X509Certificate server = sign(key.getPublic(), new GeneralName(GeneralName.iPAddress, "127.0.0.1"));
        ResourceProvider nothing = (node, peer, changed) -> {
            throw new IllegalArgumentException("certificates only");
        };
        return XdsServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                nothing,
                new XdsMetrics() {},
                Clock.systemUTC(),
                new XdsServer.Security(
                        GrpcSslContexts.configure(
                                        SslContextBuilder.forServer(key.getPrivate(), server), SslProvider.JDK)
                                .build(),
                        credentials -> new PeerIdentity("", "default", "web"),
                        List.of(CertificateService.served(this::create))));
    }

    private CertificateChain create(CertificateRequest request, PeerIdentity peer) {
        try (PEMParser parser = new PEMParser(new StringReader(request.csr()))) {
            PublicKey key =
                    new JcaPKCS10CertificationRequest((PKCS10CertificationRequest) parser.readObject()).getPublicKey();
            return new CertificateChain(List.of(pem(sign(key, name(WORKLOAD))), pem(root)));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
