package dev.lateen.ops;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What proxies keep of a refusal, found by the id that its caller was told; whoever was refused need not say by whom.
 *
 * @param kept who was refused what, and what each policy said, by the pod of the proxy
 * @param failures why other proxies did not tell
 */
public record Refusals(Map<ObjectName, String> kept, Map<ObjectName, String> failures) {
    /** A decision's id as our proxies make it: 16 hexadecimal digits. */
    public static final String ID = "[0-9a-f]{16}";

    private static final int AT_ONCE = 20;

    /** What a proxy keeps of the refusal; empty for nothing. */
    interface Page {
        Optional<String> of(ObjectName pod) throws IOException, OperationException;
    }

    /** Asks the proxies of all these pods, 20 at once; a stock Envoy keeps nothing. */
    public static Refusals find(KubernetesClient client, List<Pod> pods, String id) throws InterruptedException {
        PodPages pages = new PodPages(client);
        return find(pods, pod -> pages.find(pod, PodPages.PROXY_ADMIN_PORT, "/decisions/" + id));
    }

    static Refusals find(List<Pod> pods, Page page) throws InterruptedException {
        Map<ObjectName, String> kept = new LinkedHashMap<>();
        Map<ObjectName, String> failures = new LinkedHashMap<>();
        try (ExecutorService threads =
                Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
            Map<ObjectName, Future<Optional<String>>> answers = new LinkedHashMap<>();
            for (Pod pod : pods) {
                ObjectName name = MeshPods.objectName(pod);
                answers.put(name, threads.submit(() -> page.of(name)));
            }
            for (Map.Entry<ObjectName, Future<Optional<String>>> answer : answers.entrySet()) {
                try {
                    answer.getValue().get().ifPresent(text -> kept.put(answer.getKey(), text));
                } catch (ExecutionException e) {
                    Throwable cause = e.getCause();
                    failures.put(answer.getKey(), String.valueOf(cause == null ? e.getMessage() : cause.getMessage()));
                }
            }
        }
        return new Refusals(kept, failures);
    }
}
