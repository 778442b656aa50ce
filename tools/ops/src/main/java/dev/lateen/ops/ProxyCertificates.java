package dev.lateen.ops;

import dev.lateen.analysis.CertificateAges;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import tools.jackson.databind.JsonNode;

/** How long the certificates of proxies are still good. */
public final class ProxyCertificates {
    private static final int AT_ONCE = 20;

    private ProxyCertificates() {}

    /**
     * What has ended, or ends soon, in the proxies of these pods; 20 of them are asked at once.
     *
     * @param failed told of a proxy that does not say, and why
     */
    public static List<Problem> problems(
            KubernetesClient client, List<Pod> pods, Instant now, BiConsumer<ObjectName, String> failed)
            throws InterruptedException {
        List<Problem> problems = new ArrayList<>();
        try (ExecutorService threads =
                Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
            PodPages pages = new PodPages(client);
            Map<ObjectName, Future<JsonNode>> dumps = new LinkedHashMap<>();
            for (Pod pod : pods) {
                ObjectName name = MeshPods.objectName(pod);
                dumps.put(name, threads.submit(() -> pages.json(name, PodPages.PROXY_ADMIN_PORT, "/config_dump")));
            }
            for (Map.Entry<ObjectName, Future<JsonNode>> dump : dumps.entrySet()) {
                try {
                    problems.addAll(CertificateAges.problems(
                            dump.getKey(), dump.getValue().get(), now));
                } catch (ExecutionException e) {
                    failed.accept(dump.getKey(), String.valueOf(e.getCause()));
                }
            }
        }
        return problems;
    }
}
