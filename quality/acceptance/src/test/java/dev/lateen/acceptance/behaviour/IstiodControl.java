package dev.lateen.acceptance.behaviour;

import dev.lateen.acceptance.kubernetes.LocalApi;
import dev.lateen.config.yaml.YamlDocument;
import dev.lateen.config.yaml.YamlText;
import dev.lateen.xds.client.AdsClient;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Istio's own control plane: its rules from a directory, services and pods from the local cluster's API, whose client it
 * is. What our proxies refuse of it they log.
 */
final class IstiodControl implements ControlSide {
    private static final int XDS = 15010;
    private static final int HTTP = 18080;
    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final String SYSTEM = "istio-system";
    private static final List<Integer> EDGE = List.of(80, 81, 8000, 8001, 8080, 8099, 8443, 9000, 9999);

    private final Path rules;
    private final LocalApi api;
    private final KubernetesClient client;
    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ConcurrentLinkedQueue<String> refused = new ConcurrentLinkedQueue<>();
    private final Logger log = Logger.getLogger(AdsClient.class.getName());
    private final Handler handler = new Refusals();
    private final List<HasMetadata> applied = new ArrayList<>();

    IstiodControl(Path binary, Path work) throws IOException {
        rules = Files.createDirectory(work.resolve("rules"));
        api = new LocalApi(Files.createDirectory(work.resolve("api")), false);
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(api.kubeconfig()))
                .build();
        for (String namespace : List.of(SYSTEM, "shop")) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(namespace)
                            .endMetadata()
                            .build())
                    .create();
        }
        for (YamlDocument document : YamlText.read(World.manifests()).documents()) {
            create(document.tree());
        }
        for (YamlDocument document : YamlText.read(edge()).documents()) {
            create(document.tree());
        }
        Path kubeconfig = work.resolve("kubeconfig");
        Files.writeString(kubeconfig, api.kubeconfig());
        log.addHandler(handler);
        process = start(binary, kubeconfig, work);
        awaitReady(work);
    }

    /** It opens only those ports of a proxy at the edge that a Service leads to. */
    private static String edge() {
        String ports = EDGE.stream()
                .map(port -> "{name: p-" + port + ", port: " + port + ", targetPort: " + port + "}")
                .collect(Collectors.joining(", "));
        String targets = EDGE.stream()
                .map(port -> "{name: p-" + port + ", port: " + port + "}")
                .collect(Collectors.joining(", "));
        return """
                apiVersion: v1
                kind: Service
                metadata: {name: istio-ingressgateway, namespace: istio-system}
                spec: {clusterIP: 10.96.0.8, selector: {istio: ingressgateway}, ports: [%s]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: istio-ingressgateway-x, namespace: istio-system, labels: {kubernetes.io/service-name: istio-ingressgateway}}
                addressType: IPv4
                ports: [%s]
                endpoints: [{addresses: [%s], conditions: {ready: true}, targetRef: {kind: Pod, name: gateway, namespace: istio-system}}]
                """.formatted(ports, targets, World.GATEWAY);
    }

    private Process start(Path binary, Path kubeconfig, Path work) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        binary.toString(),
                        "discovery",
                        "--kubeconfig=" + kubeconfig,
                        "--configDir=" + rules,
                        "--clusterID=Kubernetes",
                        "--domain=cluster.local",
                        "--grpcAddr=127.0.0.1:" + XDS,
                        "--secureGRPCAddr=127.0.0.1:15012",
                        "--httpAddr=127.0.0.1:" + HTTP,
                        "--httpsAddr=",
                        "--monitoringAddr=127.0.0.1:15014",
                        "--ctrlz_port=0")
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("istiod.log").toFile());
        builder.environment()
                .putAll(Map.of(
                        "POD_NAMESPACE",
                        SYSTEM,
                        "POD_NAME",
                        "istiod-0",
                        "REVISION",
                        "default",
                        "INJECTION_WEBHOOK_CONFIG_NAME",
                        "",
                        "VALIDATION_WEBHOOK_CONFIG_NAME",
                        "",
                        "PILOT_DEBOUNCE_AFTER",
                        "25ms"));
        builder.directory(work.toFile());
        return builder.start();
    }

    private void awaitReady(Path work) throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (System.nanoTime() < end && process.isAlive()) {
            try {
                Thread.sleep(200);
                HttpRequest ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + HTTP + "/ready"))
                        .build();
                if (http.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
                    return;
                }
            } catch (IOException e) {
                // It does not listen yet.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        String said = Files.readString(work.resolve("istiod.log"));
        close();
        throw new IOException("istiod is not ready: " + said.substring(Math.max(0, said.length() - 4000)));
    }

    private HasMetadata create(JsonNode tree) {
        HasMetadata object = (HasMetadata) Serialization.unmarshal(tree.toString(), KubernetesResource.class);
        HasMetadata made = client.resource(object).createOr(editable -> editable.update());
        if (object instanceof Pod pod) {
            // The API takes a status by its own door only.
            ((Pod) made).setStatus(pod.getStatus());
            client.resource((Pod) made).updateStatus();
        }
        return made;
    }

    @Override
    public int xdsPort() {
        return XDS;
    }

    @Override
    public void apply(List<ObjectNode> objects) throws IOException {
        StringBuilder text = new StringBuilder();
        List<HasMetadata> former = List.copyOf(applied);
        applied.clear();
        for (ObjectNode object : objects) {
            if (object.path("apiVersion").asString().contains("istio.io/")) {
                // It knows this kind by its oldest version alone.
                boolean filter = object.path("kind").asString().equals("EnvoyFilter");
                ObjectNode written =
                        filter ? object.deepCopy().put("apiVersion", "networking.istio.io/v1alpha3") : object;
                text.append("---\n").append(written).append("\n");
            } else {
                applied.add(create(object));
            }
        }
        former.stream()
                .filter(old -> applied.stream().noneMatch(now -> isSame(old, now)))
                .forEach(old -> client.resource(old).delete());
        awaitServices();
        refused.clear();
        Path hidden = rules.resolve(".rules");
        Files.writeString(hidden, text);
        Files.move(hidden, rules.resolve("rules.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Services come another way than rules: those that rules speak of must be known when they come. */
    private void awaitServices() throws IOException {
        URI page = URI.create("http://127.0.0.1:" + HTTP + "/debug/registryz");
        long end = System.nanoTime() + PATIENCE_NANOS;
        boolean known = false;
        while (!known && System.nanoTime() < end) {
            try {
                String registry = http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                        .body();
                known = applied.stream()
                        .filter(object -> object.getKind().equals("Service"))
                        .map(object -> object.getMetadata().getName() + "."
                                + object.getMetadata().getNamespace() + ".svc.cluster.local")
                        .allMatch(registry::contains);
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static boolean isSame(HasMetadata a, HasMetadata b) {
        return a.getKind().equals(b.getKind())
                && a.getMetadata().getName().equals(b.getMetadata().getName())
                && java.util.Objects.equals(
                        a.getMetadata().getNamespace(), b.getMetadata().getNamespace());
    }

    @Override
    public List<String> refused() {
        return List.copyOf(refused);
    }

    /** It pushes all types together, and the marker comes last. */
    @Override
    public boolean synced() {
        return true;
    }

    @Override
    public String sent(String name) {
        throw new IllegalStateException("what Istio's control plane sends is its own affair");
    }

    @Override
    public void close() {
        log.removeHandler(handler);
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        client.close();
        api.close();
        http.close();
    }

    /** Hears of each update that a proxy refuses. */
    private final class Refusals extends Handler {
        @Override
        public void publish(LogRecord line) {
            String text = new java.util.logging.SimpleFormatter().formatMessage(line);
            if (text.startsWith("Refused an update")) {
                refused.add(text);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
