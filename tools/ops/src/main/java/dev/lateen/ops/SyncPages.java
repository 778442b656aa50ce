package dev.lateen.ops;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * How far the proxies of all replicas of a control plane are: each knows those alone that are connected to it.
 *
 * @param proxies the entries of the pages {@code /debug/syncz}, ours or istiod's
 * @param failures why other replicas did not tell, by their pods
 */
public record SyncPages(JsonNode proxies, Map<ObjectName, String> failures) {
    private static final int DEBUG_PORT = 8080;

    /** The page of one replica. */
    interface Page {
        JsonNode of(ObjectName pod) throws IOException, OperationException;
    }

    /** Asks these replicas, one after the other. */
    public static SyncPages ask(KubernetesClient client, List<Pod> replicas) {
        PodPages pages = new PodPages(client);
        return ask(replicas, pod -> pages.json(pod, DEBUG_PORT, "/debug/syncz"));
    }

    static SyncPages ask(List<Pod> replicas, Page page) {
        ArrayNode proxies = JsonMapper.shared().createArrayNode();
        Map<ObjectName, String> failures = new LinkedHashMap<>();
        for (Pod replica : replicas) {
            ObjectName pod = MeshPods.objectName(replica);
            try {
                page.of(pod).forEach(proxies::add);
            } catch (IOException | OperationException e) {
                failures.put(pod, String.valueOf(e.getMessage()));
            }
        }
        return new SyncPages(proxies, failures);
    }
}
