package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.config.CustomResourceDefinitions;
import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import dev.lateen.control.webhook.WebhookTrust;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pods and rules on their way through an API server that asks the control plane's webhooks, as they are installed. */
class AdmissionTest {
    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: %s, namespace: default}
            spec: {hosts: [%s], http: [{%s, directResponse: {status: 200}}]}
            """;
    private static final String POD = """
            apiVersion: v1
            kind: Pod
            metadata: {name: %s, namespace: default, labels: {%s}}
            spec: {containers: [{name: app, image: x}]}
            """;

    /** Where the API server finds the webhooks: behind the Service that is installed. */
    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: istiod, namespace: istio-system}
            spec: {ports: [{name: https-webhook, port: 443, targetPort: 15017}]}
            """;

    private static final String VALUES = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: istio-sidecar-injector, namespace: istio-system}
            data: {values: '{"global": {"proxy": {"image": "hub/proxy:7"}}}'}
            """;

    @TempDir
    private Path directory;

    private LocalApi api;
    private KubernetesClient client;
    private ControlPlane plane;

    @SuppressWarnings("NullAway.Init") // set before each test
    AdmissionTest() {}

    @BeforeEach
    void start() throws Exception {
        api = new LocalApi(directory, false);
        client = client(api);
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("istio-system")
                        .endMetadata()
                        .build())
                .create();
        CustomResourceDefinitions.all().forEach(definition -> client.resource(
                        Serialization.unmarshal(definition.toString(), CustomResourceDefinition.class))
                .create());
        create(VALUES);
        plane = ControlPlane.start(
                ControlOptions.defaults()
                        .withKubernetes(() -> client(api))
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(0, 0, 0)
                        .withSecurePort(0)
                        .withWebhookPort(0)
                        .withDebounce(Duration.ofMillis(5), Duration.ofSeconds(1)),
                "1.2.3");
        plane.ready().get(60, TimeUnit.SECONDS);
        create(SERVICE);
        create("""
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: istiod, namespace: istio-system, labels: {kubernetes.io/service-name: istiod}}
                addressType: IPv4
                ports: [{name: https-webhook, port: %d, protocol: TCP}]
                endpoints: [{addresses: [127.0.0.1], conditions: {ready: true}}]
                """.formatted(plane.webhookPort()));
        create(installed("injector.yaml"));
        create(installed("validator.yaml"));
        Eventually.await("validator in force", () -> WebhookTrust.isInForce(Serialization.asJson(validator())));
        Eventually.await("injector in force", () -> WebhookTrust.isInForce(Serialization.asJson(injector())));
    }

    @AfterEach
    void stop() {
        plane.close();
        client.close();
        api.close();
    }

    private static KubernetesClient client(LocalApi api) {
        Config config = new ConfigBuilder(Config.fromKubeconfig(api.kubeconfig()))
                .withRequestRetryBackoffLimit(0)
                .build();
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    private static String installed(String file) throws IOException {
        try (InputStream in = Objects.requireNonNull(ControlPlane.class.getResourceAsStream("install/" + file), file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private ValidatingWebhookConfiguration validator() {
        return client.admissionRegistration()
                .v1()
                .validatingWebhookConfigurations()
                .withName("istio-validator-istio-system")
                .get();
    }

    private MutatingWebhookConfiguration injector() {
        return client.admissionRegistration()
                .v1()
                .mutatingWebhookConfigurations()
                .withName("istio-sidecar-injector")
                .get();
    }

    private HasMetadata create(String yaml) {
        return client.resource(yaml).create();
    }

    private void createRule(String yaml) {
        client.genericKubernetesResources("networking.istio.io/v1", "VirtualService")
                .inNamespace("default")
                .resource(Serialization.unmarshal(yaml, GenericKubernetesResource.class))
                .create();
    }

    private List<String> containers(String name, String labels) {
        return ((Pod) create(POD.formatted(name, labels)))
                .getSpec().getContainers().stream().map(Container::getName).toList();
    }

    private void label(String labels) {
        client.namespaces()
                .withName("default")
                .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\":{\"labels\":" + labels + "}}");
    }

    @Test
    void whatIsWrongIsRefusedAndWhatIsMissingIsNot() {
        assertThatThrownBy(() -> createRule(RULE.formatted("wrong", "web", "delegate: {name: nobody}")))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("VirtualService default/wrong: spec.http[0]: ")
                .hasMessageContaining("admission webhook \"validation.istio.io\" denied the request: ");
        createRule(RULE.formatted("right", "web", "timeout: 1s"));
        createRule("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: early, namespace: default}
                spec: {hosts: [early], gateways: [nowhere], http: [{route: [{destination: {host: nowhere}}]}]}
                """);
    }

    @Test
    void podsGetTheirSidecarWhereTheyAskForIt() {
        assertThat(containers("a", "app: a")).containsExactly("app");
        assertThat(containers("b", "sidecar.istio.io/inject: \"true\"")).containsExactly("app", "istio-proxy");
        assertThat(containers("c", "istio.io/rev: default")).containsExactly("app", "istio-proxy");
        label("{\"istio-injection\": \"enabled\"}");
        Pod pod = (Pod) create(POD.formatted("d", "app: a"));
        assertThat(pod.getSpec().getContainers().get(1).getImage()).isEqualTo("hub/proxy:7");
        assertThat(pod.getMetadata().getLabels()).containsEntry("security.istio.io/tlsMode", "istio");
        assertThat(containers("e", "sidecar.istio.io/inject: \"false\"")).containsExactly("app");
        label("{\"istio-injection\": \"disabled\"}");
        assertThat(containers("f", "sidecar.istio.io/inject: \"true\"")).containsExactly("app");
        label("{\"istio-injection\": null, \"istio.io/rev\": \"default\"}");
        assertThat(containers("g", "app: a")).containsExactly("app", "istio-proxy");
        label("{\"istio-injection\": null, \"istio.io/rev\": \"other\"}");
        assertThat(containers("h", "app: a")).containsExactly("app");
    }

    @Test
    void whatSomebodyElseWritesIntoTheConfigurationsIsPutRight() throws Exception {
        ValidatingWebhookConfiguration changed = validator();
        changed.getWebhooks().forEach(webhook -> {
            webhook.getClientConfig().setCaBundle("");
            webhook.setFailurePolicy("Ignore");
        });
        client.resource(changed).update();
        Eventually.await("in force again", () -> WebhookTrust.isInForce(Serialization.asJson(validator())));
    }

    @Test
    void withoutTheControlPlaneRulesAndPodsOfTheMeshFailClosed() {
        label("{\"istio-injection\": \"enabled\"}");
        plane.close();
        assertThatThrownBy(() -> createRule(RULE.formatted("right", "web", "timeout: 1s")))
                .hasMessageContaining("failed calling webhook \"validation.istio.io\"");
        assertThatThrownBy(() -> create(POD.formatted("a", "app: a")))
                .hasMessageContaining("failed calling webhook \"namespace.sidecar-injector.istio.io\"");
        assertThat(containers("b", "sidecar.istio.io/inject: \"false\"")).containsExactly("app");
    }
}
