package dev.lateen.cluster.controller;

import dev.lateen.cluster.events.EventRecorder;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentSpec;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Rolls Deployments out: a ReplicaSet for each pod template, scaled step by step. */
final class DeploymentController implements AutoCloseable {
    private final KubernetesClient client;
    private final Watched watched;
    private final Clock clock;
    private final EventRecorder events;
    private final WorkQueue queue = new WorkQueue("deployment controller", this::reconcile);

    DeploymentController(KubernetesClient client, Watched watched, Clock clock) {
        this.client = client;
        this.watched = watched;
        this.clock = clock;
        this.events = new EventRecorder(client, "deployment-controller", "deployment-controller");
        Watched.queue(watched.deployments, queue);
        Watched.queueOwner(watched.replicaSets, "Deployment", queue);
        // Pods that have gone at last let a Recreate go on.
        Watched.onChange(watched.pods, (before, now) -> {
            if (now == null && before != null) {
                queueDeploymentOf(before);
            }
        });
        queue.start();
    }

    /** A deployment that recreates its pods waits for the old ones to go. */
    private void queueDeploymentOf(Pod pod) {
        var set = Owners.controller(pod);
        if (set == null) {
            return;
        }
        String namespace = pod.getMetadata().getNamespace();
        ReplicaSet owner = watched.replicaSets.getStore().getByKey(namespace + "/" + set.getName());
        var deployment = owner == null ? null : Owners.controller(owner);
        if (deployment != null) {
            queue.add(namespace + "/" + deployment.getName());
        }
    }

    private void reconcile(String key) {
        String[] parts = key.split("/", -1);
        Deployment deployment = client.apps()
                .deployments()
                .inNamespace(parts[0])
                .withName(parts[1])
                .get();
        if (deployment == null || deployment.getMetadata().getDeletionTimestamp() != null) {
            return;
        }
        List<ReplicaSet> sets = sets(deployment);
        ReplicaSet fresh = null;
        for (ReplicaSet each : sets) {
            if (fresh == null
                    && PodTemplateHash.same(
                            each.getSpec().getTemplate(), deployment.getSpec().getTemplate())) {
                fresh = each;
            }
        }
        List<ReplicaSet> old = new ArrayList<>(sets);
        old.remove(fresh);
        if (!Boolean.TRUE.equals(deployment.getSpec().getPaused())) {
            if (fresh == null && waitsForOldPods(deployment, old)) {
                DeploymentStatus.write(client, clock, queue, deployment, null, old);
                return;
            }
            fresh = number(deployment, fresh, old);
            roll(deployment, fresh, old);
            forget(deployment, old);
        } else if (fresh != null) {
            scale(deployment, fresh, wanted(deployment));
        }
        DeploymentStatus.write(client, clock, queue, deployment, fresh, old);
    }

    /** The Deployment's ReplicaSets, oldest first, as the API has them. */
    private List<ReplicaSet> sets(Deployment deployment) {
        List<ReplicaSet> found = new ArrayList<>();
        for (ReplicaSet each : client.apps()
                .replicaSets()
                .inNamespace(deployment.getMetadata().getNamespace())
                .withLabelSelector(deployment.getSpec().getSelector())
                .list()
                .getItems()) {
            if (Owners.controls(deployment, each)) {
                found.add(each);
            } else if (Owners.controller(each) == null && each.getMetadata().getDeletionTimestamp() == null) {
                found.add(Writes.merge(
                        client,
                        each,
                        Map.of(
                                "metadata",
                                Map.of(
                                        "uid",
                                        each.getMetadata().getUid(),
                                        "ownerReferences",
                                        List.of(Owners.controlledBy(deployment))))));
            }
        }
        found.sort(Comparator.comparing((ReplicaSet set) -> set.getMetadata().getCreationTimestamp())
                .thenComparing(set -> set.getMetadata().getName()));
        return found;
    }

    private static boolean recreates(Deployment deployment) {
        return deployment.getSpec().getStrategy() != null
                && "Recreate".equals(deployment.getSpec().getStrategy().getType());
    }

    /** With the strategy Recreate, scales the old ones to nothing; true until their last pod has gone. */
    private boolean waitsForOldPods(Deployment deployment, List<ReplicaSet> old) {
        if (!recreates(deployment)) {
            return false;
        }
        boolean waits = false;
        for (ReplicaSet each : old) {
            scale(deployment, each, 0);
            waits |= watched.pods.getStore().list().stream()
                    .anyMatch(pod -> Owners.controls(each, pod) && !Pods.over(pod));
        }
        return waits;
    }

    /** Makes the new ReplicaSet if it is not there, and sees that it and the Deployment carry the newest revision. */
    private ReplicaSet number(Deployment deployment, @Nullable ReplicaSet fresh, List<ReplicaSet> old) {
        long last = old.stream().mapToLong(Revisions::of).max().orElse(0);
        ReplicaSet present = fresh == null ? create(deployment, last + 1, old) : fresh;
        long revision = Revisions.of(present);
        if (revision <= last) {
            revision = last + 1;
            present =
                    Writes.merge(client, present, Map.of("metadata", Map.of("annotations", Revisions.mark(revision))));
        }
        if (Revisions.of(deployment) != revision) {
            Writes.merge(client, deployment, Map.of("metadata", Map.of("annotations", Revisions.mark(revision))));
        }
        return present;
    }

    private ReplicaSet create(Deployment deployment, long revision, List<ReplicaSet> old) {
        DeploymentSpec spec = deployment.getSpec();
        Integer collisions =
                deployment.getStatus() == null ? null : deployment.getStatus().getCollisionCount();
        String hash = PodTemplateHash.of(spec.getTemplate(), collisions);
        PodTemplateSpec template = new PodTemplateSpecBuilder(spec.getTemplate())
                .editOrNewMetadata()
                .addToLabels(PodTemplateHash.LABEL, hash)
                .endMetadata()
                .build();
        Map<String, String> annotations = new TreeMap<>(Revisions.inherited(deployment));
        annotations.putAll(Revisions.mark(revision));
        annotations.putAll(sizes(deployment));
        int replicas = recreates(deployment)
                ? wanted(deployment)
                : rolling(deployment)
                        .next(new RollingUpdate.Replicas(0, 0), replicas(old))
                        .fresh();
        ReplicaSet set = new ReplicaSetBuilder()
                .withNewMetadata()
                .withName(deployment.getMetadata().getName() + "-" + hash)
                .withNamespace(deployment.getMetadata().getNamespace())
                .withLabels(template.getMetadata().getLabels())
                .withAnnotations(annotations)
                .withOwnerReferences(Owners.controlledBy(deployment))
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withMinReadySeconds(spec.getMinReadySeconds())
                .withSelector(new LabelSelectorBuilder(spec.getSelector())
                        .addToMatchLabels(PodTemplateHash.LABEL, hash)
                        .build())
                .withTemplate(template)
                .endSpec()
                .build();
        try {
            ReplicaSet created = client.resource(set).create();
            scaled(deployment, created, 0, replicas);
            return created;
        } catch (KubernetesClientException e) {
            if (e.getCode() == 409) {
                Map<String, Object> status = new HashMap<>();
                status.put("collisionCount", Objects.requireNonNullElse(collisions, 0) + 1);
                Writes.status(client, deployment, status);
            }
            throw e;
        }
    }

    private void roll(Deployment deployment, ReplicaSet fresh, List<ReplicaSet> old) {
        if (recreates(deployment)) {
            scale(deployment, fresh, wanted(deployment));
            return;
        }
        RollingUpdate.Step step = rolling(deployment).next(replicas(fresh), replicas(old));
        scale(deployment, fresh, step.fresh());
        for (int i = 0; i < old.size(); i++) {
            scale(deployment, old.get(i), step.old().get(i));
        }
    }

    private static RollingUpdate rolling(Deployment deployment) {
        var strategy = deployment.getSpec().getStrategy();
        var rolling = strategy == null ? null : strategy.getRollingUpdate();
        return RollingUpdate.of(
                wanted(deployment),
                rolling == null ? null : rolling.getMaxSurge(),
                rolling == null ? null : rolling.getMaxUnavailable());
    }

    private static List<RollingUpdate.Replicas> replicas(List<ReplicaSet> sets) {
        return sets.stream().map(DeploymentController::replicas).toList();
    }

    private static RollingUpdate.Replicas replicas(ReplicaSet set) {
        Integer available = set.getStatus() == null ? null : set.getStatus().getAvailableReplicas();
        return new RollingUpdate.Replicas(asked(set), Objects.requireNonNullElse(available, 0));
    }

    private static int wanted(Deployment deployment) {
        return Objects.requireNonNullElse(deployment.getSpec().getReplicas(), 1);
    }

    private static int asked(ReplicaSet set) {
        return Objects.requireNonNullElse(set.getSpec().getReplicas(), 1);
    }

    private void scale(Deployment deployment, ReplicaSet set, int replicas) {
        int before = asked(set);
        Integer ready = deployment.getSpec().getMinReadySeconds();
        boolean minimum = !Objects.equals(
                Objects.requireNonNullElse(ready, 0),
                Objects.requireNonNullElse(set.getSpec().getMinReadySeconds(), 0));
        Map<String, String> sizes = sizes(deployment);
        Map<String, String> annotations = set.getMetadata().getAnnotations();
        // Old ReplicaSets without pods stay as they are.
        boolean counted =
                replicas == 0 || (annotations != null && annotations.entrySet().containsAll(sizes.entrySet()));
        if (before == replicas && !minimum && counted) {
            return;
        }
        Map<String, Object> spec = new HashMap<>();
        spec.put("replicas", replicas);
        spec.put("minReadySeconds", ready);
        Writes.merge(client, set, Map.of("spec", spec, "metadata", Map.of("annotations", sizes)));
        set.getSpec().setReplicas(replicas);
        if (before != replicas) {
            scaled(deployment, set, before, replicas);
        }
    }

    private static Map<String, String> sizes(Deployment deployment) {
        int wanted = wanted(deployment);
        int surge =
                wanted == 0 || recreates(deployment) ? 0 : rolling(deployment).surge();
        return Revisions.sizes(wanted, wanted + surge);
    }

    private void scaled(Deployment deployment, ReplicaSet set, int before, int now) {
        events.normal(
                deployment,
                "ScalingReplicaSet",
                "Scaled " + (now >= before ? "up" : "down") + " replica set "
                        + set.getMetadata().getName() + " from " + before + " to " + now);
    }

    /** Removes old ReplicaSets without pods beyond those that the history keeps. */
    private void forget(Deployment deployment, List<ReplicaSet> old) {
        int kept = Objects.requireNonNullElse(deployment.getSpec().getRevisionHistoryLimit(), 10);
        List<ReplicaSet> empty = old.stream()
                .filter(set -> asked(set) == 0
                        && Objects.requireNonNullElse(set.getStatus().getReplicas(), 0) == 0)
                .sorted(Comparator.comparingLong(Revisions::of))
                .toList();
        for (ReplicaSet each : empty.subList(0, Math.max(0, empty.size() - kept))) {
            Writes.delete(client, each);
        }
    }

    @Override
    public void close() {
        queue.close();
        events.close();
    }
}
