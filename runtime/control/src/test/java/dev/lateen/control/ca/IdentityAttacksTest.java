package dev.lateen.control.ca;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.xds.ca.CertificateChain;
import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.ca.CertificateService;
import dev.lateen.xds.server.XdsMetrics;
import dev.lateen.xds.server.XdsServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Who wants to be shop/web and is not: none of these may get a certificate of shop/web whose key it has. Prints how many
 * were tried and how many let in.
 */
class IdentityAttacksTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String WEB = "spiffe://mesh.example/ns/shop/sa/web";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final KeyPair webs = Authority.newKey(RANDOM);
    private final KeyPair thiefs = Authority.newKey(RANDOM);

    /**
     * One of them.
     *
     * @param token empty for none
     * @param shown the certificate of the connection, whose key the thief has; null for none
     */
    private record Attack(
            String what,
            String token,
            String request,
            @Nullable X509Certificate shown) {}

    @Test
    void nobody_becomes_somebody_else() throws Exception {
        try (StubApi api = new StubApi();
                KubernetesClient client = api.client();
                MeshAuthority authority = MeshAuthority.start(
                        client, "istio-system", () -> "mesh.example", List::of, Clock.systemUTC(), _ -> {});
                XdsServer server = XdsServer.start(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        (node, peer, changed) -> {
                            throw new IllegalArgumentException("certificates only");
                        },
                        new XdsMetrics() {},
                        Clock.systemUTC(),
                        authority.security())) {
            api.tokens.put("web's", new StubApi.Review("system:serviceaccount:shop:web", "istio-ca"));
            api.tokens.put("web's for the API", new StubApi.Review("system:serviceaccount:shop:web", "kubernetes"));
            api.tokens.put("web's, withdrawn", new StubApi.Review("", "istio-ca"));
            api.tokens.put("thief's", new StubApi.Review("system:serviceaccount:shop:thief", "istio-ca"));
            api.tokens.put("of shop/web elsewhere", new StubApi.Review("system:serviceaccount:other:web", "istio-ca"));
            api.tokens.put("a person's", new StubApi.Review("web", "istio-ca"));
            assertThat(isIn(new Attack("none", "web's", csr(webs, webs, ""), null), authority, server, webs))
                    .as("web itself")
                    .isTrue();
            int letIn = 0;
            List<Attack> attacks = attacks(client);
            for (Attack attack : attacks) {
                boolean in = isIn(attack, authority, server, thiefs);
                letIn += in ? 1 : 0;
                assertThat(in).as(attack.what).isFalse();
            }
            System.out.println("attack: another's identity: " + attacks.size() + " tried, " + letIn + " let in");
        }
    }

    private List<Attack> attacks(KubernetesClient client) throws Exception {
        List<Attack> all = new ArrayList<>();
        String own = csr(thiefs, thiefs, WEB);
        for (String token : List.of(
                "",
                "nobody's",
                "web's for the API",
                "web's, withdrawn",
                "thief's",
                "of shop/web elsewhere",
                "a person's")) {
            all.add(new Attack("its own request, token \"" + token + "\"", token, own, null));
        }
        for (String token : List.of("", "thief's")) {
            all.add(new Attack("web's request, replayed, token \"" + token + "\"", token, csr(webs, webs, WEB), null));
        }
        all.add(new Attack("a request for its own key, signed by another", "thief's", csr(thiefs, webs, WEB), null));
        Instant now = Instant.now();
        Authority mesh = AuthoritySecrets.read(client.secrets()
                .inNamespace("istio-system")
                .withName(AuthoritySecrets.SELF_SIGNED)
                .get());
        // The name of the mesh's authority, and another key.
        Authority other = Authority.selfSigned("mesh.example", now, RANDOM);
        all.add(new Attack("a certificate of another authority", "", own, certificate(other, WEB, now)));
        all.add(new Attack(
                "a certificate of another trust domain",
                "",
                own,
                certificate(mesh, WEB.replace("mesh.example", "evil.example"), now)));
        all.add(new Attack("an expired certificate", "", own, certificate(mesh, WEB, now.minusSeconds(7200))));
        all.add(new Attack("a certificate of tomorrow", "", own, certificate(mesh, WEB, now.plusSeconds(7200))));
        return all;
    }

    private X509Certificate certificate(Authority authority, String uri, Instant from) {
        return authority
                .sign(
                        thiefs.getPublic(),
                        List.of(new GeneralName(GeneralName.uniformResourceIdentifier, uri)),
                        Duration.ofHours(1),
                        from,
                        RANDOM)
                .getFirst();
    }

    /** Whether a certificate of web comes back for a key. */
    private static boolean isIn(Attack attack, MeshAuthority authority, XdsServer server, KeyPair held)
            throws Exception {
        SslContextBuilder tls = SslContextBuilder.forClient()
                .trustManager(
                        new ByteArrayInputStream(authority.rootCertificates().getBytes(StandardCharsets.UTF_8)));
        if (attack.shown != null) {
            tls.keyManager(held.getPrivate(), attack.shown);
        }
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .overrideAuthority("istiod.istio-system.svc")
                .sslContext(GrpcSslContexts.configure(tls).build())
                .build();
        try {
            CertificateChain chain = CertificateService.create(
                    channel,
                    new CertificateRequest(attack.request, Duration.ZERO),
                    attack.token,
                    "Kubernetes",
                    PATIENCE);
            X509Certificate leaf =
                    Pem.certificates("answer", chain.certificates().getFirst()).getFirst();
            return leaf.getPublicKey().equals(held.getPublic())
                    && leaf.getSubjectAlternativeNames().contains(List.of(6, WEB));
        } catch (StatusRuntimeException e) {
            return false;
        } finally {
            channel.shutdownNow();
        }
    }

    /** A request for a key, signed with the private half of another. */
    private static String csr(KeyPair key, KeyPair signer, String uri) throws Exception {
        var builder = new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=anyone"), key.getPublic());
        if (!uri.isEmpty()) {
            ExtensionsGenerator extensions = new ExtensionsGenerator();
            extensions.addExtension(
                    Extension.subjectAlternativeName,
                    true,
                    new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
            builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
        }
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(
                    builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
        }
        return text.toString();
    }
}
