package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which pods a verb's user means; the API answers as Kubernetes does. */
final class MeshPodsTest {
    private static final List<Pod> PODS = List.of(
            PretendedPods.running("d", "web-b", "web"),
            PretendedPods.running("d", "web-a", "web"),
            PretendedPods.with("d", "bare", "bare", "Running", "app"),
            PretendedPods.with("d", "late", "late", "Pending", "app", MeshPods.PROXY_CONTAINER),
            PretendedPods.running("e", "api.v1", "api"),
            PretendedPods.with("d", "early", "prometheus", "Pending", "prometheus"),
            PretendedPods.with("e", "measures", "prometheus", "Running", "prometheus"),
            PretendedPods.with("istio-system", "istiod-2", "istiod", "Running", "discovery"),
            PretendedPods.with("istio-system", "istiod-1", "istiod", "Running", "discovery"),
            PretendedPods.with("istio-system", "istiod-0", "istiod", "Pending", "discovery"));
    private static final Map<String, HasMetadata> OTHERS = Map.of(
            "/api/v1/namespaces/d/services/web", service("web", Map.of("app", "web")),
            "/api/v1/namespaces/d/services/bare-service", service("bare-service", Map.of("app", "bare")),
            "/api/v1/namespaces/d/services/outside", service("outside", Map.of()),
            "/apis/apps/v1/namespaces/d/deployments/web", deployment("web"),
            "/apis/apps/v1/namespaces/d/deployments/late", deployment("late"));

    private static HttpServer api;
    private static KubernetesClient client;

    @BeforeAll
    static void serve() throws IOException {
        api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        api.createContext("/", MeshPodsTest::answer);
        api.start();
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl("http://127.0.0.1:" + api.getAddress().getPort())
                        .build())
                .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        api.stop(0);
    }

    private static HasMetadata service(String name, Map<String, String> selector) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withSelector(selector)
                .endSpec()
                .build();
    }

    private static HasMetadata deployment(String app) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withName(app)
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .addToMatchLabels("app", app)
                .endSelector()
                .endSpec()
                .build();
    }

    /** Pods by name or by one label, and what else there is by its path. */
    private static void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query = exchange.getRequestURI().getQuery();
        Object found = OTHERS.get(path);
        if (path.endsWith("/pods")) {
            String selector = query == null ? "" : query.replaceFirst("^labelSelector=", "");
            found = new PodListBuilder()
                    .withItems(PODS.stream()
                            .filter(pod -> path.equals("/api/v1/pods")
                                    || path.contains(
                                            "/namespaces/" + pod.getMetadata().getNamespace() + "/"))
                            .filter(pod -> selector.isEmpty()
                                    || selector.equals("app="
                                            + pod.getMetadata().getLabels().get("app")))
                            .toList())
                    .build();
        }
        if (path.contains("/pods/")) {
            found = PODS.stream()
                    .filter(pod -> path.equals("/api/v1/namespaces/"
                            + pod.getMetadata().getNamespace() + "/pods/"
                            + pod.getMetadata().getName()))
                    .findFirst()
                    .orElse(null);
        }
        byte[] body = Serialization.asJson(
                        found == null
                                ? new StatusBuilder()
                                        .withStatus("Failure")
                                        .withCode(404)
                                        .build()
                                : found)
                .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(found == null ? 404 : 200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static String names(List<Pod> pods) {
        return pods.stream().map(MeshPods::name).collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        web                           | pod n/web
        web.shop                      | pod shop/web
        web.v1.shop                   | pod shop/web.v1
        web.shop.svc                  | pod shop/web
        web.shop.svc.cluster.local    | pod shop/web
        deployment/web                | deployment n/web
        deployment/web.shop           | deployment shop/web
        """)
    void aReference(String text, String expected) {
        assertThat(MeshPods.parse(text, "pod", "n")).hasToString(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        web-a        | d/web-a
        web          | d/web-b d/web-a
        api.v1.e     | e/api.v1
        bare         | pod d/bare has no proxy, or does not run
        late.d       | pod d/late has no proxy, or does not run
        outside      | service d/outside selects no pods
        bare-service | no pod of service d/bare-service runs with a proxy
        web.e        | there is no pod and no service web in namespace e
        """)
    void aPodOrService(String text, String expected) throws OperationException {
        MeshPods pods = new MeshPods(client);
        if (expected.contains(" ") && !expected.startsWith("d/")) {
            assertThatThrownBy(() -> pods.ofPodOrService(text, "d"))
                    .isInstanceOf(OperationException.class)
                    .hasMessage(expected);
        } else {
            assertThat(pods.ofPodOrService(text, "d"))
                    .extracting(MeshPods::name)
                    .isEqualTo(List.of(expected.split(" ")));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        web-b             | Pod d/web-b
        po/web-b          | Pod d/web-b
        not-there.e       | Pod e/not-there
        deployment/web    | Pod d/web-a
        deploy/web.d      | Pod d/web-a
        deployment/late   | no pod of deployment late runs in namespace d
        deployment/web.e  | there is no deployment web in namespace e
        job/web           | expected pod/NAME or deployment/NAME, found job/web
        """)
    void aPodOrDeployment(String text, String expected) throws OperationException {
        MeshPods pods = new MeshPods(client);
        if (expected.startsWith("Pod ")) {
            assertThat(pods.ofPodOrDeployment(text, "d")).hasToString(expected);
        } else {
            assertThatThrownBy(() -> pods.ofPodOrDeployment(text, "d"))
                    .isInstanceOf(OperationException.class)
                    .hasMessage(expected);
        }
    }

    @Test
    void thoseWithAProxyThatRun() {
        assertThat(names(new MeshPods(client).withProxy())).isEqualTo("d/web-b d/web-a e/api.v1");
    }

    @Test
    void theControlPlaneAndWhatIsBesideIt() throws OperationException {
        MeshPods pods = new MeshPods(client);
        assertThat(names(pods.controlPlane("istio-system"))).isEqualTo("istio-system/istiod-1 istio-system/istiod-2");
        assertThatThrownBy(() -> pods.controlPlane("e")).hasMessage("no control plane runs in namespace e");
        assertThat(MeshPods.name(pods.prometheus())).isEqualTo("e/measures");
        assertThatThrownBy(() -> pods.addOn("jaeger", "tracing"))
                .hasMessage("no pod of istio-system has label app=jaeger; switch it on with:"
                        + " lateen install --set tracing.enabled=true");
    }
}
