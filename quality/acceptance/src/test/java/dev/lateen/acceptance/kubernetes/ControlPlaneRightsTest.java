package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.control.ControlPlane;
import dev.lateen.control.webhook.WebhookTrust;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.ca.CertificateService;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.grpc.ManagedChannel;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The control plane beside a real kube-apiserver that authorizes by RBAC, with nothing but the token of its service
 * account and the roles that are installed: all that it does there, one thing after the other, and what the API server
 * forbade of it, which must be nothing. {@code .ci/parts/kubernetes} starts the server; {@code rights.yaml} has the objects.
 */
@Tag("kubernetes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ControlPlaneRightsTest {
    private static final String SYSTEM = "istio-system";
    private static final String OWN = "rights";
    private static final String ISTIO = "networking.istio.io/v1";
    private static final String GATEWAYS = "gateway.networking.k8s.io/v1";

    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: %s, namespace: rights}
            spec: {hosts: [web], http: [{%s directResponse: {status: 200}}]}
            """;
    private static final String WRONG = RULE.formatted("wrong", "delegate: {name: nobody},");
    private static final String POD = """
            apiVersion: v1
            kind: Pod
            metadata: {name: %s, namespace: rights}
            spec: {containers: [{name: app, image: x}]}
            """;

    /** Behind the server's by more than half of a certificate's life: all of its certificates are valid there. */
    private final HandClock clock = new HandClock(Instant.now().minus(Duration.ofHours(13)));

    private InstalledMesh mesh;
    private KubernetesClient admin;
    private OwnAuthority authority;
    private ControlPlane plane;

    @SuppressWarnings("NullAway.Init") // set before the tests
    ControlPlaneRightsTest() {}

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        mesh = InstalledMesh.install();
        admin = mesh.admin();
        authority = OwnAuthority.make(directory);
        try (InputStream objects = Objects.requireNonNull(
                ControlPlaneRightsTest.class.getResourceAsStream("rights.yaml"), "rights.yaml")) {
            for (HasMetadata object : admin.load(objects).items()) {
                admin.resource(object).create();
            }
        }
        create(authority.ofServer("web", OWN));
        plane = Planes.start(mesh::istiod, "istiod-1", clock);
        plane.ready().get(120, TimeUnit.SECONDS);
        mesh.webhooksAt(plane.webhookPort());
    }

    @AfterAll
    void stop() throws Exception {
        if (plane != null) {
            plane.close();
        }
        mesh.uninstall();
        admin.namespaces().withName(OWN).delete();
        Eventually.await(
                "the namespace is gone", () -> admin.namespaces().withName(OWN).get() == null);
        admin.close();
    }

    private HasMetadata create(String yaml) {
        return admin.resource(yaml).create();
    }

    private void createRule(String yaml) {
        admin.resource(Serialization.unmarshal(yaml, GenericKubernetesResource.class))
                .create();
    }

    /** So many at once that the API server needs new connections, hence handshakes. */
    private void createRules(String name) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> created = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String yaml = RULE.formatted(name + "-" + i, "");
                created.add(threads.submit(() -> createRule(yaml)));
            }
            for (Future<?> each : created) {
                each.get();
            }
        }
    }

    private GenericKubernetesResource custom(String version, String kind, String name) {
        return admin.genericKubernetesResources(version, kind)
                .inNamespace(OWN)
                .withName(name)
                .get();
    }

    private String status(String version, String kind, String name) {
        return String.valueOf(custom(version, kind, name).<Object>get("status"));
    }

    private ValidatingWebhookConfiguration validator() {
        return admin.admissionRegistration()
                .v1()
                .validatingWebhookConfigurations()
                .withName("istio-validator-istio-system")
                .get();
    }

    /** Whom the API server is told to trust, in PEM. */
    private String trust() {
        String bundle = validator().getWebhooks().getFirst().getClientConfig().getCaBundle();
        return new String(Base64.getDecoder().decode(bundle), StandardCharsets.UTF_8);
    }

    /** The certificate of the webhooks' port. */
    private X509Certificate shown() throws Exception {
        return ShownCertificate.at(plane.webhookPort(), trust());
    }

    /** Whom workloads are told to trust, in PEM; empty before they are. */
    private String bundle() {
        return SecuredPort.roots(admin, OWN);
    }

    /** A proxy with the token of this account, that wants a Secret beside listeners; the names of what it gets. */
    private AdsClient proxy(Node node, String account, String secret, Set<String> got) {
        SecuredPort port = new SecuredPort(plane.securePort(), bundle());
        String token = ServiceAccountTokens.of(admin, OWN + "/" + account, "istio-ca");
        AdsClient client = new AdsClient(
                () -> {
                    try {
                        return port.channel(token);
                    } catch (SSLException e) {
                        throw new IllegalStateException(e);
                    }
                },
                node,
                update -> {
                    update.changed().forEach(resource -> got.add(resource.name()));
                    return Optional.empty();
                });
        client.subscribe(ResourceType.LISTENER, Subscription.ALL);
        client.subscribe(ResourceType.SECRET, Subscription.to(Set.of(secret)));
        return client.start();
    }

    @Test
    @Order(1)
    void itsWebhooksComeIntoForce() throws Exception {
        Eventually.await("validation", () -> WebhookTrust.isInForce(Serialization.asJson(validator())));
        Eventually.await(
                "injection",
                () -> WebhookTrust.isInForce(Serialization.asJson(admin.admissionRegistration()
                        .v1()
                        .mutatingWebhookConfigurations()
                        .withName("istio-sidecar-injector")
                        .get())));
        assertThatThrownBy(() -> createRule(WRONG))
                .hasMessageContaining("admission webhook \"validation.istio.io\" denied the request: ");
        assertThat(((Pod) create(POD.formatted("first"))).getSpec().getContainers())
                .extracting(Container::getName)
                .containsExactly("app", "istio-proxy");
    }

    @Test
    @Order(2)
    void itSaysWhatItThinksOfObjects() throws Exception {
        Eventually.await("the status of a rule", () -> status(ISTIO, "VirtualService", "right")
                .contains("type=Reconciled"));
        Eventually.await("the status of a Gateway", () -> status(GATEWAYS, "Gateway", "edge")
                .contains("status=True"));
        Eventually.await(
                "an Event of the Ingress",
                () -> admin.v1()
                                .events()
                                .inNamespace(OWN)
                                .withName("wrong.lateen-ingress")
                                .get()
                        != null);
    }

    @Test
    @Order(3)
    void itMakesProxiesForAGateway() throws Exception {
        Eventually.await(
                "what they are",
                () -> admin.apps()
                                        .deployments()
                                        .inNamespace(OWN)
                                        .withName("edge-istio")
                                        .get()
                                != null
                        && admin.serviceAccounts()
                                        .inNamespace(OWN)
                                        .withName("edge-istio")
                                        .get()
                                != null
                        && isServedAt(80));
        admin.genericKubernetesResources(GATEWAYS, "Gateway")
                .inNamespace(OWN)
                .withName("edge")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"spec\":{\"listeners\":[{\"name\":\"http\",\"port\":8080,\"protocol\":\"HTTP\"}]}}");
        Eventually.await("what they become", () -> isServedAt(8080));
    }

    private boolean isServedAt(int port) {
        var service = admin.services().inNamespace(OWN).withName("edge-istio").get();
        return service != null && service.getSpec().getPorts().stream().anyMatch(each -> each.getPort() == port);
    }

    @Test
    @Order(4)
    void itKnowsWhoAsksForACertificate() throws Exception {
        Eventually.await("the bundle", () -> !bundle().isEmpty());
        ManagedChannel channel = new SecuredPort(plane.securePort(), bundle()).channel("");
        try {
            assertThat(CertificateService.create(
                                    channel,
                                    new CertificateRequest(SecuredPort.request(SecuredPort.key()), Duration.ofHours(1)),
                                    ServiceAccountTokens.of(admin, "rights/web", "istio-ca"),
                                    "Kubernetes",
                                    Duration.ofSeconds(60))
                            .certificates())
                    .hasSize(2);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    @Order(5)
    void itHandsASecretToWhomTheClusterLetsHaveIt() throws Exception {
        Value labels = Value.newBuilder()
                .setStructValue(Struct.newBuilder().putFields("app", SecuredPort.text("gateway")))
                .build();
        Set<String> got = ConcurrentHashMap.newKeySet();
        try (AdsClient _ = proxy(
                SecuredPort.node("router", OWN, "gateway", "LABELS", labels), "gateway", "kubernetes://web", got)) {
            Eventually.await("the gateway's key", () -> got.contains("kubernetes://web"));
        }
    }

    @Test
    @Order(6)
    void itRegistersMachines() throws Exception {
        try (AdsClient _ = proxy(
                SecuredPort.node("sidecar", OWN, "machine", "AUTO_REGISTER_GROUP", SecuredPort.text("machines")),
                "machine",
                "none",
                ConcurrentHashMap.newKeySet())) {
            Eventually.await("an entry", () -> machine().isPresent());
        }
        Eventually.await("that it went", () -> machine()
                .map(entry -> entry.getMetadata().getAnnotations())
                .orElse(Map.of())
                .containsKey("istio.io/disconnectedAt"));
        clock.move(Duration.ofMinutes(1));
        Eventually.await("that its entry goes", () -> machine().isEmpty());
    }

    private Optional<GenericKubernetesResource> machine() {
        return Optional.ofNullable(custom(ISTIO, "WorkloadEntry", "machines-10.9.8.7"));
    }

    @Test
    @Order(7)
    void itPutsTrustRight() throws Exception {
        String before = bundle();
        admin.configMaps().inNamespace(OWN).withName("istio-ca-root-cert").edit(map -> {
            map.setData(Map.of("root-cert.pem", "nobody"));
            return map;
        });
        Eventually.await("the bundle is what it was", () -> bundle().equals(before));
    }

    @Test
    @Order(8)
    void anotherOneTellsItOfItsProxies() throws Exception {
        try (ControlPlane _ = Planes.start(mesh::istiod, "istiod-2", clock)) {
            Eventually.await(
                    "what it tells",
                    () -> admin.configMaps()
                                    .inNamespace(SYSTEM)
                                    .withName("lateen-status-istiod-2")
                                    .get()
                            != null);
        }
    }

    @Test
    @Order(9)
    void itsWebhooksAreTrustedWhileRootAndCertificateChange() throws Exception {
        X509Certificate first = shown();
        create(authority.pluggedIn(SYSTEM));
        Eventually.await("both roots are trusted", () -> trust().split("BEGIN CERTIFICATE", -1).length == 3);
        assertThat(shown().getSerialNumber()).isEqualTo(first.getSerialNumber());
        createRules("told");

        clock.move(Duration.ofMinutes(6));
        Eventually.await(
                "the new root signs",
                () -> shown().getIssuerX500Principal().getName().equals("O=next"));
        createRules("signed");

        X509Certificate second = shown();
        clock.move(Duration.ofHours(12).plusMinutes(1));
        assertThat(shown().getSerialNumber()).isNotEqualTo(second.getSerialNumber());
        createRules("renewed");
        assertThatThrownBy(() -> createRule(WRONG)).hasMessageContaining("denied the request: ");
    }

    @Test
    @Order(10)
    void nothingOfThatWasForbidden() {
        assertThat(mesh.forbidden()).isEmpty();
    }

    @Test
    @Order(11)
    void withoutItRulesAndPodsOfTheMeshAreRefused() {
        plane.close();
        assertThatThrownBy(() -> createRule(RULE.formatted("late", "")))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("failed calling webhook \"validation.istio.io\"");
        assertThatThrownBy(() -> create(POD.formatted("late")))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("failed calling webhook \"namespace.sidecar-injector.istio.io\"");
    }

    /** If a right were missing, it would have been seen. */
    @Test
    @Order(12)
    void withoutItsRoleItIsForbidden() throws Exception {
        admin.rbac()
                .clusterRoleBindings()
                .withName("istiod-clusterrole-istio-system")
                .delete();
        try (KubernetesClient istiod = mesh.istiod()) {
            Eventually.await("it is forbidden", () -> {
                try {
                    return istiod.services().inAnyNamespace().list() == null;
                } catch (KubernetesClientException e) {
                    return e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
                }
            });
        }
        assertThat(mesh.forbidden()).anyMatch(call -> call.startsWith("GET ") && call.contains("/api/v1/services"));
    }
}
