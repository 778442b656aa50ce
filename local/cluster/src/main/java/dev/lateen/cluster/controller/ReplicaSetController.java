package dev.lateen.cluster.controller;

import dev.lateen.cluster.events.EventRecorder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Keeps as many pods of each ReplicaSet as it asks for. */
final class ReplicaSetController implements AutoCloseable {
    private final KubernetesClient client;
    private final Clock clock;
    private final EventRecorder events;
    private final WorkQueue queue = new WorkQueue("replicaset controller", this::reconcile);

    ReplicaSetController(KubernetesClient client, Watched watched, Clock clock) {
        this.client = client;
        this.clock = clock;
        this.events = new EventRecorder(client, "replicaset-controller", "replicaset-controller");
        Watched.queue(watched.replicaSets, queue);
        Watched.queueOwner(watched.pods, "ReplicaSet", queue);
        queue.start();
    }

    private void reconcile(String key) {
        String[] parts = key.split("/", -1);
        ReplicaSet set = client.apps()
                .replicaSets()
                .inNamespace(parts[0])
                .withName(parts[1])
                .get();
        if (set == null || set.getMetadata().getDeletionTimestamp() != null) {
            return;
        }
        List<Pod> all = Pods.of(client, set, set.getSpec().getSelector());
        List<Pod> pods = all.stream().filter(Pods::active).toList();
        long terminating =
                all.stream().filter(pod -> !Pods.over(pod) && !Pods.active(pod)).count();
        int wanted = Objects.requireNonNullElse(set.getSpec().getReplicas(), 1);
        String failure = null;
        if (pods.size() < wanted) {
            failure = create(set, wanted - pods.size());
        } else if (pods.size() > wanted) {
            remove(set, pods, pods.size() - wanted);
        }
        report(key, set, pods, (int) terminating, failure);
    }

    private @Nullable String create(ReplicaSet set, int count) {
        for (int i = 0; i < count; i++) {
            try {
                Pod pod = Pods.create(client, set, set.getSpec().getTemplate());
                events.normal(
                        set,
                        "SuccessfulCreate",
                        "Created pod: " + pod.getMetadata().getName());
            } catch (KubernetesClientException e) {
                String reason =
                        e.getStatus() == null ? e.getMessage() : e.getStatus().getMessage();
                events.warning(set, "FailedCreate", "Error creating: " + reason);
                queue.addAfter(Watched.key(set), Duration.ofSeconds(1));
                return String.valueOf(reason);
            }
        }
        return null;
    }

    private void remove(ReplicaSet set, List<Pod> pods, int count) {
        for (Pod pod : pods.stream().sorted(LEAST_MISSED).limit(count).toList()) {
            Writes.delete(client, pod);
            events.normal(
                    set, "SuccessfulDelete", "Deleted pod: " + pod.getMetadata().getName());
        }
    }

    /** Which pod goes first: one without a node, not running, not ready, often restarted, young. */
    static final Comparator<Pod> LEAST_MISSED = Comparator.<Pod, Boolean>comparing(
                    pod -> pod.getSpec().getNodeName() != null
                            && !pod.getSpec().getNodeName().isEmpty())
            .thenComparing(pod -> Pods.phase(pod).equals("Running"))
            .thenComparing(Pods::ready)
            .thenComparing(Comparator.comparingInt(Pods::restarts).reversed())
            .thenComparing(Comparator.comparing((Pod pod) -> pod.getMetadata().getCreationTimestamp())
                    .reversed());

    private void report(String key, ReplicaSet set, List<Pod> pods, int terminating, @Nullable String failure) {
        Duration minimum =
                Duration.ofSeconds(Objects.requireNonNullElse(set.getSpec().getMinReadySeconds(), 0));
        int ready = 0;
        int available = 0;
        int labelled = 0;
        Map<String, String> labels = Objects.requireNonNullElse(
                set.getSpec().getTemplate().getMetadata() == null
                        ? null
                        : set.getSpec().getTemplate().getMetadata().getLabels(),
                Map.of());
        for (Pod pod : pods) {
            if (Objects.requireNonNullElse(pod.getMetadata().getLabels(), Map.<String, String>of())
                    .entrySet()
                    .containsAll(labels.entrySet())) {
                labelled++;
            }
            Duration left = Pods.untilAvailable(pod, minimum, clock.instant());
            if (left != null) {
                ready++;
                if (left.isZero()) {
                    available++;
                } else {
                    queue.addAfter(key, left);
                }
            }
        }
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("replicas", pods.size());
        status.put("fullyLabeledReplicas", orNothing(labelled));
        status.put("readyReplicas", orNothing(ready));
        status.put("availableReplicas", orNothing(available));
        status.put("terminatingReplicas", terminating);
        status.put("observedGeneration", set.getMetadata().getGeneration());
        ReplicaSetStatus present = set.getStatus();
        boolean failed = present != null
                && present.getConditions() != null
                && present.getConditions().stream().anyMatch(c -> c.getType().equals("ReplicaFailure"));
        if (failure != null || failed) {
            status.put(
                    "conditions",
                    failure == null
                            ? List.of()
                            : List.of(Map.of(
                                    "type",
                                    "ReplicaFailure",
                                    "status",
                                    "True",
                                    "reason",
                                    "FailedCreate",
                                    "message",
                                    failure,
                                    "lastTransitionTime",
                                    clock.instant().toString())));
        }
        if (present == null || failed || failure != null || !same(status, present)) {
            Writes.status(client, set, status);
        }
    }

    private static boolean same(Map<String, Object> status, ReplicaSetStatus present) {
        return Objects.equals(status.get("replicas"), present.getReplicas())
                && Objects.equals(status.get("fullyLabeledReplicas"), present.getFullyLabeledReplicas())
                && Objects.equals(status.get("readyReplicas"), present.getReadyReplicas())
                && Objects.equals(status.get("availableReplicas"), present.getAvailableReplicas())
                && Objects.equals(status.get("terminatingReplicas"), present.getTerminatingReplicas())
                && Objects.equals(status.get("observedGeneration"), present.getObservedGeneration());
    }

    /** A count of zero is left out. */
    private static @Nullable Integer orNothing(int count) {
        return count == 0 ? null : count;
    }

    @Override
    public void close() {
        queue.close();
        events.close();
    }
}
