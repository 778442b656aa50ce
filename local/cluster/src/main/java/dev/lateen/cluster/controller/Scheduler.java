package dev.lateen.cluster.controller;

import dev.lateen.cluster.events.EventRecorder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Binds each pod that has no node to one it fits; says on the others why they wait. */
final class Scheduler implements AutoCloseable {
    private static final String NAME = "default-scheduler";

    private final KubernetesClient client;
    private final Watched watched;
    private final Clock clock;
    private final EventRecorder events;
    private final WorkQueue queue = new WorkQueue("scheduler", this::schedule);

    Scheduler(KubernetesClient client, Watched watched, Clock clock) {
        this.client = client;
        this.watched = watched;
        this.clock = clock;
        this.events = new EventRecorder(client, NAME, NAME);
        Watched.onChange(watched.pods, (before, now) -> {
            if (now != null && waits(now)) {
                queue.add(Watched.key(now));
            }
        });
        // A new node, or one with other labels or taints, may take what waits.
        Watched.onChange(watched.nodes, (before, now) -> {
            if (before == null
                    || now == null
                    || !Objects.equals(before.getSpec(), now.getSpec())
                    || !Objects.equals(
                            before.getMetadata().getLabels(), now.getMetadata().getLabels())) {
                watched.pods.getStore().list().stream()
                        .filter(Scheduler::waits)
                        .forEach(pod -> queue.add(Watched.key(pod)));
            }
        });
        queue.start();
    }

    private static boolean waits(Pod pod) {
        String node = pod.getSpec().getNodeName();
        return (node == null || node.isEmpty())
                && NAME.equals(Objects.requireNonNullElse(pod.getSpec().getSchedulerName(), NAME))
                && pod.getMetadata().getDeletionTimestamp() == null
                && !Pods.over(pod);
    }

    private void schedule(String key) {
        Pod pod = watched.pods.getStore().getByKey(key);
        if (pod == null || !waits(pod)) {
            return;
        }
        List<Node> nodes = watched.nodes.getStore().list();
        Node node = choose(pod, nodes);
        if (node == null) {
            refuse(pod, NodeFit.sentence(pod, nodes));
            return;
        }
        var meta = pod.getMetadata();
        String name = node.getMetadata().getName();
        var _ = client.raw(
                Paths.of(pod) + "/binding",
                "POST",
                Map.of(
                        "apiVersion",
                        "v1",
                        "kind",
                        "Binding",
                        "metadata",
                        Map.of("name", meta.getName(), "namespace", meta.getNamespace(), "uid", meta.getUid()),
                        "target",
                        Map.of("apiVersion", "v1", "kind", "Node", "name", name)));
        events.normal(
                pod,
                "Scheduled",
                "Successfully assigned " + meta.getNamespace() + "/" + meta.getName() + " to " + name);
    }

    /** The node that fits and has the fewest pods. */
    private @Nullable Node choose(Pod pod, List<Node> nodes) {
        Node best = null;
        long fewest = Long.MAX_VALUE;
        for (Node each : nodes) {
            if (NodeFit.obstacle(pod, each) == null) {
                String name = each.getMetadata().getName();
                long pods = nodes.size() == 1
                        ? 0
                        : watched.pods.getStore().list().stream()
                                .filter(other -> name.equals(other.getSpec().getNodeName()))
                                .count();
                if (pods < fewest) {
                    fewest = pods;
                    best = each;
                }
            }
        }
        return best;
    }

    private void refuse(Pod pod, String sentence) {
        PodCondition before = Pods.condition(pod, "PodScheduled");
        if (before != null && sentence.equals(before.getMessage())) {
            return;
        }
        events.warning(pod, "FailedScheduling", sentence);
        Writes.status(
                client,
                pod,
                Map.of(
                        "conditions",
                        List.of(Map.of(
                                "type",
                                "PodScheduled",
                                "status",
                                "False",
                                "reason",
                                "Unschedulable",
                                "message",
                                sentence,
                                "lastTransitionTime",
                                clock.instant().toString()))));
    }

    @Override
    public void close() {
        queue.close();
        events.close();
    }
}
