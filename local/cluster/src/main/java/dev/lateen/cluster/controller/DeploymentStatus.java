package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** What a Deployment's status says, of which {@code kubectl rollout status} reads all. */
final class DeploymentStatus {
    private DeploymentStatus() {}

    /** Counts over the Deployment's ReplicaSets. */
    record Counts(int replicas, int updated, int ready, int available, int unavailable, int terminating) {}

    static void write(
            KubernetesClient client,
            Clock clock,
            WorkQueue queue,
            Deployment deployment,
            @Nullable ReplicaSet fresh,
            List<ReplicaSet> old) {
        List<ReplicaSet> all = new ArrayList<>(old);
        if (fresh != null) {
            all.add(fresh);
        }
        int wanted = Objects.requireNonNullElse(deployment.getSpec().getReplicas(), 1);
        int available = sum(all, set -> orZero(set.getStatus().getAvailableReplicas()));
        Counts counts = new Counts(
                sum(all, set -> orZero(set.getStatus().getReplicas())),
                fresh == null || fresh.getStatus() == null
                        ? 0
                        : orZero(fresh.getStatus().getReplicas()),
                sum(all, set -> orZero(set.getStatus().getReadyReplicas())),
                available,
                Math.max(
                        0, Math.max(wanted, sum(all, set -> orZero(set.getSpec().getReplicas()))) - available),
                sum(all, set -> orZero(set.getStatus().getTerminatingReplicas())));
        var present = deployment.getStatus();
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        var rolling = deployment.getSpec().getStrategy() == null
                ? null
                : deployment.getSpec().getStrategy().getRollingUpdate();
        int unavailable = rolling == null
                ? 0
                : RollingUpdate.of(wanted, rolling.getMaxSurge(), rolling.getMaxUnavailable())
                        .unavailable();
        DeploymentCondition availability = counts.available() >= wanted - unavailable
                ? condition(
                        "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
                : condition(
                        "Available",
                        "False",
                        "MinimumReplicasUnavailable",
                        "Deployment does not have minimum availability.",
                        now);
        boolean complete = counts.updated() == wanted && counts.replicas() == wanted && counts.available() == wanted;
        DeploymentCondition before = find(deployment, "Progressing");
        boolean moved = present == null
                || before == null
                || counts.updated() != orZero(present.getUpdatedReplicas())
                || counts.replicas() != orZero(present.getReplicas())
                || counts.available() > orZero(present.getAvailableReplicas())
                || !Objects.equals(
                        present.getObservedGeneration(),
                        deployment.getMetadata().getGeneration());
        DeploymentCondition progress = progress(deployment, fresh, complete, moved, before, now);
        List<DeploymentCondition> conditions = new ArrayList<>();
        conditions.add(keepTimes(availability, find(deployment, "Available"), false));
        conditions.add(keepTimes(progress, before, moved));
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("observedGeneration", deployment.getMetadata().getGeneration());
        // A count of zero is left out, but for pods that are about to go.
        status.put("replicas", orNothing(counts.replicas()));
        status.put("updatedReplicas", orNothing(counts.updated()));
        status.put("readyReplicas", orNothing(counts.ready()));
        status.put("availableReplicas", orNothing(counts.available()));
        status.put("unavailableReplicas", orNothing(counts.unavailable()));
        status.put("terminatingReplicas", counts.terminating());
        status.put("conditions", conditions);
        boolean same = present != null
                && !moved
                && Objects.equals(conditions, present.getConditions())
                && counts.ready() == orZero(present.getReadyReplicas())
                && counts.available() == orZero(present.getAvailableReplicas())
                && counts.unavailable() == orZero(present.getUnavailableReplicas())
                && Objects.equals(counts.terminating(), present.getTerminatingReplicas());
        if (!same) {
            Writes.status(client, deployment, status);
        }
        if (!complete && "True".equals(progress.getStatus())) {
            queue.addAfter(Watched.key(deployment), deadline(deployment).plusSeconds(1));
        }
    }

    private static @Nullable Integer orNothing(int count) {
        return count == 0 ? null : count;
    }

    private static Duration deadline(Deployment deployment) {
        return Duration.ofSeconds(
                Objects.requireNonNullElse(deployment.getSpec().getProgressDeadlineSeconds(), 600));
    }

    private static DeploymentCondition progress(
            Deployment deployment,
            @Nullable ReplicaSet fresh,
            boolean complete,
            boolean moved,
            @Nullable DeploymentCondition before,
            Instant now) {
        String name = fresh == null
                ? "the new ReplicaSet"
                : "ReplicaSet \"" + fresh.getMetadata().getName() + "\"";
        if (complete) {
            return condition(
                    "Progressing", "True", "NewReplicaSetAvailable", name + " has successfully progressed.", now);
        }
        if (Boolean.TRUE.equals(deployment.getSpec().getPaused())) {
            return condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", now);
        }
        if (moved || before == null || before.getLastUpdateTime() == null) {
            return condition("Progressing", "True", "ReplicaSetUpdated", name + " is progressing.", now);
        }
        boolean late = ("False".equals(before.getStatus())
                || (!"NewReplicaSetAvailable".equals(before.getReason())
                        && Instant.parse(before.getLastUpdateTime())
                                .plus(deadline(deployment))
                                .isBefore(now)));
        if (late) {
            return condition(
                    "Progressing", "False", "ProgressDeadlineExceeded", name + " has timed out progressing.", now);
        }
        if ("NewReplicaSetAvailable".equals(before.getReason())) {
            // Once rolled out, pods that fail later do not make it a rollout again.
            return condition(
                    "Progressing", "True", "NewReplicaSetAvailable", name + " has successfully progressed.", now);
        }
        return condition("Progressing", "True", "ReplicaSetUpdated", name + " is progressing.", now);
    }

    private static DeploymentCondition keepTimes(
            DeploymentCondition next, @Nullable DeploymentCondition before, boolean moved) {
        if (before != null && next.getStatus().equals(before.getStatus())) {
            next.setLastTransitionTime(before.getLastTransitionTime());
            if (!moved && Objects.equals(next.getReason(), before.getReason())) {
                next.setLastUpdateTime(before.getLastUpdateTime());
            }
        }
        return next;
    }

    private static @Nullable DeploymentCondition find(Deployment deployment, String type) {
        if (deployment.getStatus() == null || deployment.getStatus().getConditions() == null) {
            return null;
        }
        return deployment.getStatus().getConditions().stream()
                .filter(each -> each.getType().equals(type))
                .findFirst()
                .orElse(null);
    }

    private static DeploymentCondition condition(
            String type, String status, String reason, String message, Instant now) {
        return new DeploymentCondition(now.toString(), now.toString(), message, reason, status, type);
    }

    private static int sum(List<ReplicaSet> sets, ToIntFunction<ReplicaSet> count) {
        return sets.stream()
                .filter(set -> set.getStatus() != null)
                .mapToInt(count)
                .sum();
    }

    private static int orZero(@Nullable Integer count) {
        return count == null ? 0 : count;
    }
}
