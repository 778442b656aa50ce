package dev.lateen.console;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Running pods with a proxy, and the pages that their proxies show to their own pod alone. */
final class ProxyPods {
    private static final int ADMIN_PORT = 15000;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private ProxyPods() {}

    /** By {@code NAMESPACE/NAME}. */
    static Map<String, Pod> running(KubernetesClient client) {
        Map<String, Pod> pods = new TreeMap<>();
        for (Pod pod : client.pods().inAnyNamespace().list().getItems()) {
            boolean runs =
                    pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase());
            if (runs
                    && pod.getSpec().getContainers().stream()
                            .anyMatch(container -> container.getName().equals("istio-proxy"))) {
                pods.put(
                        pod.getMetadata().getNamespace() + "/"
                                + pod.getMetadata().getName(),
                        pod);
            }
        }
        return pods;
    }

    /**
     * Workloads whose proxies run as gateways, {@code NAMESPACE/NAME}: by the name that such a proxy has in metrics, which
     * its Deployment gives it.
     */
    static Set<String> gateways(List<Pod> pods) {
        Set<String> gateways = new TreeSet<>();
        for (Pod pod : pods) {
            for (Container container : pod.getSpec().getContainers()) {
                if (container.getName().equals("istio-proxy")
                        && container.getArgs().contains("router")) {
                    container.getEnv().stream()
                            .filter(variable -> variable.getName().equals("ISTIO_META_WORKLOAD_NAME"))
                            .map(name -> pod.getMetadata().getNamespace() + "/" + name.getValue())
                            .forEach(gateways::add);
                }
            }
        }
        return gateways;
    }

    /** A way to the admin interface of a pod's proxy. */
    static LocalPortForward forward(KubernetesClient client, Pod pod) {
        return client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .portForward(ADMIN_PORT);
    }

    /** The address of one of its pages. */
    static URI page(LocalPortForward forward, String path) {
        return URI.create("http://127.0.0.1:" + forward.getLocalPort() + path);
    }

    /** The text of one of its pages. */
    static String read(HttpClient http, LocalPortForward forward, String path)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(page(forward, path)).timeout(PATIENCE).build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(path + " answers " + answer.statusCode());
        }
        return answer.body();
    }
}
