package dev.lateen.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lateen.xds.ca.CertificateChain;
import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.ca.CertificateService;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceProvider;
import dev.lateen.xds.server.XdsMetrics;
import dev.lateen.xds.server.XdsServer;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The certificate service over TLS, as an agent calls it. */
class CertificateServiceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private StubApi api;
    private KubernetesClient client;
    private MeshAuthority authority;
    private XdsServer server;

    @BeforeEach
    void start() throws Exception {
        api = new StubApi();
        client = api.client();
        authority = startAuthority();
        server = XdsServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Nothing(),
                new XdsMetrics() {},
                Clock.systemUTC(),
                authority.security());
        api.tokens.put("web's", new StubApi.Review("system:serviceaccount:shop:web", "istio-ca"));
        api.tokens.put("thief's", new StubApi.Review("system:serviceaccount:shop:thief", "istio-ca"));
        api.tokens.put("for-the-api", new StubApi.Review("system:serviceaccount:shop:web", "kubernetes"));
        api.tokens.put("a-person's", new StubApi.Review("jane", "istio-ca"));
    }

    private MeshAuthority startAuthority() {
        return MeshAuthority.start(client, "istio-system", () -> "mesh.example", List::of, Clock.systemUTC(), _ -> {});
    }

    @AfterEach
    void stop() {
        server.close();
        authority.close();
        client.close();
        api.close();
    }

    @ParameterizedTest
    @CsvSource({"EC, 256", "EC, 384", "RSA, 2048"})
    void the_identity_comes_from_the_token_and_never_from_the_request(String algorithm, int bits) throws Exception {
        KeyPair key = key(algorithm, bits);
        List<X509Certificate> chain = certificates(
                create("web's", new CertificateRequest(csr(key, "spiffe://mesh.example/ns/bank/sa/vault"), PATIENCE)));

        assertThat(chain).hasSize(2);
        X509Certificate leaf = chain.getFirst();
        assertThat(leaf.getPublicKey()).isEqualTo(key.getPublic());
        assertThat(leaf.getSubjectAlternativeNames())
                .containsExactly(List.of(6, "spiffe://mesh.example/ns/shop/sa/web"));
        assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
        assertThat(leaf.getExtendedKeyUsage()).containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        leaf.verify(chain.getLast().getPublicKey());
        assertThat(Pem.of(chain.getLast())).isEqualTo(authority.rootCertificates());
        assertThat(Duration.between(Instant.now(), leaf.getNotAfter().toInstant()))
                .isLessThanOrEqualTo(PATIENCE);
    }

    @Test
    void without_a_wish_a_certificate_lives_a_day() throws Exception {
        X509Certificate leaf = certificates(
                        create("web's", new CertificateRequest(csr(key("EC", 256), ""), Duration.ZERO)))
                .getFirst();
        assertThat(Duration.between(Instant.now(), leaf.getNotAfter().toInstant()))
                .isBetween(Duration.ofHours(23), Duration.ofHours(24));
    }

    @ParameterizedTest
    @CsvSource({
        "'',          UNAUTHENTICATED, neither a token nor a certificate",
        "nobody's,    UNAUTHENTICATED, the token is refused",
        "for-the-api, UNAUTHENTICATED, the token is refused",
        "a-person's,  UNAUTHENTICATED, the token is not of a service account but of jane",
    })
    void a_caller_without_proof_gets_nothing(String token, Status.Code code, String reason) throws Exception {
        refused(token, new CertificateRequest(csr(key("EC", 256), ""), Duration.ZERO), code, reason);
    }

    @Test
    void requests_that_are_not_good_are_refused_with_the_reason() throws Exception {
        String good = csr(key("EC", 256), "");
        refused(
                "web's",
                new CertificateRequest("", Duration.ZERO),
                Status.Code.INVALID_ARGUMENT,
                "not a certificate request");
        refused(
                "web's",
                new CertificateRequest(good, Duration.ofHours(25)),
                Status.Code.INVALID_ARGUMENT,
                "validity_duration 90000 s is not from 1 s to 86400 s");
        refused(
                "web's",
                new CertificateRequest(csr(key("RSA", 1024), ""), Duration.ZERO),
                Status.Code.INVALID_ARGUMENT,
                "an RSA key of 1024 bits is too weak");
        String forged =
                csr(new KeyPair(key("EC", 256).getPublic(), key("EC", 256).getPrivate()), "");
        refused(
                "web's",
                new CertificateRequest(forged, Duration.ZERO),
                Status.Code.INVALID_ARGUMENT,
                "csr is not signed with its own key");
    }

    /** One client cannot have the control plane hold more than so much. */
    @Test
    void whatIsTooLarge_isRefused() throws Exception {
        refused(
                "web's",
                new CertificateRequest("x".repeat(5 << 20), Duration.ZERO),
                Status.Code.RESOURCE_EXHAUSTED,
                "");
        StatusRuntimeException fields = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> create("t".repeat(32 << 10), new CertificateRequest(csr(key("EC", 256), ""), Duration.ZERO)));
        assertThat(fields.getStatus().isOk()).isFalse();
        assertThat(certificates(create("web's", new CertificateRequest(csr(key("EC", 256), ""), Duration.ZERO))))
                .as("others are served")
                .hasSize(2);
    }

    @Test
    void aConnectionHasSoManyCallsAtATime() throws Exception {
        Semaphore arrived = new Semaphore(0);
        XdsServer.Security security = authority.security();
        try (XdsServer counted = XdsServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Nothing(),
                new XdsMetrics() {},
                Clock.systemUTC(),
                new XdsServer.Security(
                        security.tls(),
                        credentials -> {
                            arrived.release();
                            return new PeerIdentity("mesh.example", "shop", "web");
                        },
                        List.of()))) {
            ManagedChannel channel = channel(SslContextBuilder.forClient(), counted.port());
            try {
                for (int i = 0; i < 150; i++) {
                    call(channel);
                }
                assertThat(arrived.tryAcquire(100, PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
                // Calls of another connection come through; those above the limit of the first one still wait.
                ManagedChannel other = channel(SslContextBuilder.forClient(), counted.port());
                try {
                    call(other);
                    assertThat(arrived.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                            .isTrue();
                } finally {
                    other.shutdownNow();
                }
                assertThat(arrived.availablePermits()).isZero();
            } finally {
                channel.shutdownNow();
            }
        }
    }

    private static void call(ManagedChannel channel) {
        var _ = AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(new Ignored());
    }

    private static final class Ignored implements StreamObserver<DeltaDiscoveryResponse> {
        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            // Nobody asked for any.
        }

        @Override
        public void onError(Throwable failure) {
            // The call was cancelled, or the server has ended.
        }

        @Override
        public void onCompleted() {
            // As above.
        }
    }

    /** A request that was seen on its way says nothing about who sends it, and opens nothing to who has no key. */
    @ParameterizedTest(name = "replayed with {0} token: {1}")
    @CsvSource({
        "no,      UNAUTHENTICATED, neither a token nor a certificate",
        "another, '',              spiffe://mesh.example/ns/shop/sa/thief",
    })
    void a_request_that_is_replayed(String token, String refusal, String outcome) throws Exception {
        KeyPair web = key("EC", 256);
        CertificateRequest request =
                new CertificateRequest(csr(web, "spiffe://mesh.example/ns/shop/sa/web"), Duration.ZERO);
        create("web's", request);
        if (token.equals("no")) {
            refused("", request, Status.Code.valueOf(refusal), outcome);
            return;
        }
        X509Certificate leaf = certificates(create("thief's", request)).getFirst();
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, outcome));
        assertThat(leaf.getPublicKey()).isEqualTo(web.getPublic()); // whose private half the thief does not have
    }

    @Test
    void a_second_control_plane_signs_with_the_same_root() {
        try (MeshAuthority second = startAuthority()) {
            assertThat(second.rootCertificates()).isEqualTo(authority.rootCertificates());
        }
    }

    @Test
    void the_certificate_of_before_proves_who_renews() throws Exception {
        KeyPair key = key("EC", 256);
        CertificateChain first = create("web's", new CertificateRequest(csr(key, ""), Duration.ZERO));
        ManagedChannel channel = channel(SslContextBuilder.forClient()
                .keyManager(key.getPrivate(), certificates(first).getFirst()));
        try {
            CertificateChain second = CertificateService.create(
                    channel,
                    new CertificateRequest(csr(key("EC", 256), ""), Duration.ZERO),
                    "",
                    "Kubernetes",
                    PATIENCE);
            assertThat(certificates(second).getFirst().getSubjectAlternativeNames())
                    .containsExactly(List.of(6, "spiffe://mesh.example/ns/shop/sa/web"));
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void a_certificate_that_is_revoked_proves_nobody() throws Exception {
        KeyPair key = key("EC", 256);
        X509Certificate first = certificates(create("web's", new CertificateRequest(csr(key, ""), Duration.ZERO)))
                .getFirst();
        Authority own = AuthoritySecrets.read(client.secrets()
                .inNamespace("istio-system")
                .withName(AuthoritySecrets.SELF_SIGNED)
                .get());
        Instant now = Instant.now();
        RevocationListsTest.plugIn(
                api,
                own,
                RevocationListsTest.list(own, now.minusSeconds(60), now.plusSeconds(3600), first.getSerialNumber()));
        authority.look();
        ManagedChannel channel = channel(SslContextBuilder.forClient().keyManager(key.getPrivate(), first));
        try {
            String request = csr(key("EC", 256), "");
            StatusRuntimeException refusal = catchThrowableOfType(
                    StatusRuntimeException.class,
                    () -> CertificateService.create(
                            channel, new CertificateRequest(request, Duration.ZERO), "", "Kubernetes", PATIENCE));
            assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        } finally {
            channel.shutdownNow();
        }
    }

    private void refused(String token, CertificateRequest request, Status.Code code, String reason) {
        StatusRuntimeException refusal =
                catchThrowableOfType(StatusRuntimeException.class, () -> create(token, request));
        assertThat(refusal.getStatus().getCode()).isEqualTo(code);
        assertThat(refusal.getStatus().getDescription()).contains(reason);
    }

    private CertificateChain create(String token, CertificateRequest request) throws Exception {
        ManagedChannel channel = channel(SslContextBuilder.forClient());
        try {
            return CertificateService.create(channel, request, token, "Kubernetes", PATIENCE);
        } finally {
            channel.shutdownNow();
        }
    }

    private ManagedChannel channel(SslContextBuilder tls) throws Exception {
        return channel(tls, server.port());
    }

    private ManagedChannel channel(SslContextBuilder tls, int port) throws Exception {
        return NettyChannelBuilder.forAddress("127.0.0.1", port)
                .overrideAuthority("istiod.istio-system.svc")
                .sslContext(GrpcSslContexts.configure(tls)
                        .trustManager(new ByteArrayInputStream(
                                authority.rootCertificates().getBytes(StandardCharsets.UTF_8)))
                        .build())
                .build();
    }

    private static List<X509Certificate> certificates(CertificateChain chain) {
        return chain.certificates().stream()
                .map(text -> Pem.certificates("answer", text).getFirst())
                .toList();
    }

    private static KeyPair key(String algorithm, int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits, new SecureRandom());
        return generator.generateKeyPair();
    }

    private static String csr(KeyPair key, String uri) throws Exception {
        var builder = new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=anyone"), key.getPublic());
        if (!uri.isEmpty()) {
            ExtensionsGenerator extensions = new ExtensionsGenerator();
            extensions.addExtension(
                    Extension.subjectAlternativeName,
                    true,
                    new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
            builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
        }
        String algorithm = key.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(builder.build(new JcaContentSignerBuilder(algorithm).build(key.getPrivate())));
        }
        return text.toString();
    }

    /** A mesh without anything in it. */
    private static final class Nothing implements ResourceProvider {
        @Override
        public Client connect(
                io.envoyproxy.envoy.config.core.v3.Node node,
                @org.jspecify.annotations.Nullable PeerIdentity peer,
                Runnable changed) {
            throw new IllegalArgumentException("nothing here");
        }
    }
}
