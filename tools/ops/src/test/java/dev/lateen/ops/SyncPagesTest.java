package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** What several replicas of a control plane tell of their proxies. */
final class SyncPagesTest {
    private static final List<Pod> REPLICAS = List.of(
            PretendedPods.with("istio-system", "istiod-1", "istiod", "Running", "discovery"),
            PretendedPods.with("istio-system", "istiod-2", "istiod", "Running", "discovery"),
            PretendedPods.with("istio-system", "istiod-3", "istiod", "Running", "discovery"));

    @Test
    void proxies_of_all_and_who_did_not_tell() {
        SyncPages pages = SyncPages.ask(REPLICAS, pod -> switch (pod.name()) {
            case "istiod-1" -> JsonMapper.shared().readTree("[{\"proxy\": \"a.d\"}, {\"proxy\": \"b.d\"}]");
            case "istiod-2" -> throw new OperationException("has gone");
            default -> JsonMapper.shared().readTree("[{\"proxy\": \"c.d\"}]");
        });
        assertThat(pages.proxies()).hasToString("[{\"proxy\":\"a.d\"},{\"proxy\":\"b.d\"},{\"proxy\":\"c.d\"}]");
        assertThat(pages.failures()).isEqualTo(Map.of(MeshPods.objectName(REPLICAS.get(1)), "has gone"));
    }
}
