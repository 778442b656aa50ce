package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * A node without processes: pods given to it are ready at once, unless told otherwise, those that never start again have
 * succeeded, and all go when they are to go.
 */
final class ReadyNode implements AutoCloseable {
    private final KubernetesClient client;
    private final Predicate<Pod> works;
    private final AtomicInteger address = new AtomicInteger();
    private final WorkQueue queue;
    private final SharedIndexInformer<Pod> pods;

    ReadyNode(KubernetesClient client, Predicate<Pod> works) {
        this.client = client;
        this.works = works;
        queue = new WorkQueue("ready node", this::look).start();
        client.resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName("n1")
                        .endMetadata()
                        .build())
                .create();
        pods = client.pods().inAnyNamespace().runnableInformer(0);
        Watched.queue(pods, queue);
        pods.run();
    }

    private void look(String key) {
        String[] parts = key.split("/", -1);
        Pod pod = client.pods().inNamespace(parts[0]).withName(parts[1]).get();
        if (pod == null || pod.getSpec().getNodeName() == null) {
            return;
        }
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            client.resource(pod)
                    .withGracePeriod(0)
                    .withPropagationPolicy(DeletionPropagation.BACKGROUND)
                    .delete();
        } else if (pod.getStatus().getPodIP() == null) {
            String ready = works.test(pod) ? "True" : "False";
            Writes.status(
                    client,
                    pod,
                    Map.of(
                            "phase",
                            "Never".equals(pod.getSpec().getRestartPolicy()) ? "Succeeded" : "Running",
                            "podIP",
                            "10.0.0." + address.incrementAndGet(),
                            "conditions",
                            List.of(Map.of(
                                    "type",
                                    "Ready",
                                    "status",
                                    ready,
                                    "lastTransitionTime",
                                    Instant.now().toString()))));
        }
    }

    @Override
    public void close() {
        pods.close();
        queue.close();
    }
}
