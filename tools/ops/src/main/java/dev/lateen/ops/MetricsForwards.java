package dev.lateen.ops;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Ways to the metrics pages of proxies, one for each pod, kept from one reading to the next. One thread. */
public final class MetricsForwards implements AutoCloseable {
    private static final int PORT = 15090;
    private static final String PAGE = "/stats/prometheus";

    private final KubernetesClient client;
    private final Map<String, LocalPortForward> forwards = new HashMap<>();

    public MetricsForwards(KubernetesClient client) {
        this.client = client;
    }

    /** The address of each pod's page, by {@code NAMESPACE/POD}. Ways to pods that are not among these are closed. */
    public Map<String, URI> addresses(List<Pod> pods) throws IOException {
        Map<String, URI> addresses = new LinkedHashMap<>();
        for (Pod pod : pods) {
            LocalPortForward forward = forwards.computeIfAbsent(MeshPods.name(pod), _ -> open(pod));
            addresses.put(MeshPods.name(pod), URI.create("http://127.0.0.1:" + forward.getLocalPort() + PAGE));
        }
        closeAllBut(addresses.keySet());
        return addresses;
    }

    private LocalPortForward open(Pod pod) {
        return client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .portForward(PORT);
    }

    private void closeAllBut(Set<String> wanted) throws IOException {
        for (var each = forwards.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<String, LocalPortForward> forward = each.next();
            if (!wanted.contains(forward.getKey())) {
                each.remove();
                forward.getValue().close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        closeAllBut(Set.of());
    }
}
