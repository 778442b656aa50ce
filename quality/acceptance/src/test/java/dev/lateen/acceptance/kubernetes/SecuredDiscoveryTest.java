package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.acceptance.kubernetes.SecuredPort.Answer;
import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import dev.lateen.xds.ca.CertificateChain;
import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.ca.CertificateService;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets what at the port of those who prove who they are, with tokens of an API that reviews them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecuredDiscoveryTest {
    private static final String ACCOUNT = """
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: %s, namespace: %s}
            """;

    /** Nobody outside of its namespace is to know it. */
    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: %s, namespace: %s, annotations: {networking.istio.io/exportTo: "."}}
            spec: {ports: [{name: http, port: 80}]}
            """;

    private static final String WEB = "outbound|80||web.shop.svc.cluster.local";
    private static final String VAULT = "outbound|80||vault.bank.svc.cluster.local";

    private LocalApi api;
    private KubernetesClient client;
    private ControlPlane plane;
    private SecuredPort port;

    @SuppressWarnings("NullAway.Init") // set before the tests
    SecuredDiscoveryTest() {}

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        api = new LocalApi(directory, false);
        client = client();
        for (String namespace : new String[] {"istio-system", "shop", "bank"}) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(namespace)
                            .endMetadata()
                            .build())
                    .create();
        }
        client.resource(ACCOUNT.formatted("web", "shop")).create();
        client.resource(SERVICE.formatted("web", "shop")).create();
        client.resource(ACCOUNT.formatted("vault", "bank")).create();
        client.resource(SERVICE.formatted("vault", "bank")).create();
        plane = ControlPlane.start(
                ControlOptions.defaults()
                        .withKubernetes(this::client)
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(0, 0, 0)
                        .withSecurePort(0)
                        .withWebhookPort(0)
                        .withDebounce(Duration.ofMillis(5), Duration.ofSeconds(1)),
                "1.2.3");
        plane.ready().get(60, TimeUnit.SECONDS);
        Eventually.await("the mesh's root in namespace shop", () -> !SecuredPort.roots(client, "shop")
                .isEmpty());
        port = new SecuredPort(plane.securePort(), SecuredPort.roots(client, "shop"));
    }

    @AfterAll
    void stop() {
        plane.close();
        client.close();
        api.close();
    }

    private KubernetesClient client() {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(api.kubeconfig()))
                .build();
    }

    private static Node node(String account) {
        String[] parts = account.split("/", -1);
        return SecuredPort.node("sidecar", parts[0], parts[1], "MESH_ID", SecuredPort.text("cluster.local"));
    }

    @ParameterizedTest(name = "token of {0} for {1}, node of {2}: {3}")
    @CsvSource(delimiter = ';', textBlock = """
        -          ; -        ; shop/web   ; UNAUTHENTICATED   ; neither a token nor a certificate
        nonsense   ; -        ; shop/web   ; UNAUTHENTICATED   ; the token is refused
        shop/web   ; istiod   ; shop/web   ; UNAUTHENTICATED   ; the token is refused
        shop/web   ; istio-ca ; bank/vault ; PERMISSION_DENIED ; is not of service account shop/web
        shop/web   ; istio-ca ; shop/vault ; PERMISSION_DENIED ; is not of service account shop/web
        shop/web   ; istio-ca ; bank/web   ; PERMISSION_DENIED ; is not of service account shop/web
        shop/web   ; istio-ca ; shop/web   ; OK                ; outbound|80||web.shop.svc.cluster.local
        bank/vault ; istio-ca ; bank/vault ; OK                ; outbound|80||vault.bank.svc.cluster.local
        """)
    void byToken(String whose, String audience, String nodeOf, Status.Code code, String said) throws Exception {
        String token =
                switch (whose) {
                    case "-" -> "";
                    case "nonsense" -> whose;
                    default -> ServiceAccountTokens.of(client, whose, audience);
                };
        Answer answer = ask(port.channel(token), nodeOf);
        assertThat(answer.code()).as(answer.text()).isEqualTo(code);
        assertThat(answer.text()).contains(said);
        assertThat(answer.text().contains(WEB) && answer.text().contains(VAULT))
                .as("each sees its own alone: %s", answer.text())
                .isFalse();
    }

    @Test
    void byACertificateThatTheTokenBrought() throws Exception {
        KeyPair key = SecuredPort.key();
        ManagedChannel channel = port.channel("");
        CertificateChain chain;
        try {
            chain = CertificateService.create(
                    channel,
                    new CertificateRequest(SecuredPort.request(key), Duration.ZERO),
                    ServiceAccountTokens.of(client, "shop/web", "istio-ca"),
                    "Kubernetes",
                    Duration.ofSeconds(20));
        } finally {
            channel.shutdownNow();
        }
        X509Certificate own = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(chain.certificates().getFirst().getBytes(StandardCharsets.UTF_8)));
        assertThat(ask(port.channel(key.getPrivate(), own), "shop/web").text()).contains(WEB);
        assertThat(ask(port.channel(key.getPrivate(), own), "bank/vault").code())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    /** It says that it is a workload of the mesh. */
    @Test
    void notByACertificateOfAnotherAuthority() throws Exception {
        KeyPair key = SecuredPort.key();
        X500Name name = new X500Name("O=cluster.local");
        Instant now = Instant.now();
        X509Certificate forged = new JcaX509CertificateConverter()
                .getCertificate(new JcaX509v3CertificateBuilder(
                                name,
                                BigInteger.TWO,
                                Date.from(now.minusSeconds(60)),
                                Date.from(now.plusSeconds(3600)),
                                name,
                                key.getPublic())
                        .addExtension(
                                Extension.subjectAlternativeName,
                                false,
                                new GeneralNames(new GeneralName(
                                        GeneralName.uniformResourceIdentifier,
                                        "spiffe://cluster.local/ns/shop/sa/web")))
                        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
        Answer answer = ask(port.channel(key.getPrivate(), forged), "shop/web");
        assertThat(answer.code()).as(answer.text()).isIn(Status.Code.UNAVAILABLE, Status.Code.UNAUTHENTICATED);
    }

    private static Answer ask(ManagedChannel channel, String nodeOf) throws Exception {
        try {
            return SecuredPort.clusters(channel, node(nodeOf));
        } finally {
            channel.shutdownNow();
        }
    }
}
