package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What controllers ask of pods, and how they make, adopt and remove them. */
final class Pods {
    private Pods() {}

    /** Pods that the owner controls, those that fit and have no controller being adopted first. Asks the API itself. */
    static List<Pod> of(KubernetesClient client, HasMetadata owner, LabelSelector selector) {
        String namespace = owner.getMetadata().getNamespace();
        List<Pod> found = new ArrayList<>();
        for (Pod pod : client.pods()
                .inNamespace(namespace)
                .withLabelSelector(selector)
                .list()
                .getItems()) {
            OwnerReference controller = Owners.controller(pod);
            if (controller == null && pod.getMetadata().getDeletionTimestamp() == null) {
                found.add(adopt(client, owner, pod));
            } else if (Owners.controls(owner, pod)) {
                found.add(pod);
            }
        }
        return found;
    }

    private static Pod adopt(KubernetesClient client, HasMetadata owner, Pod pod) {
        List<OwnerReference> owners = new ArrayList<>(Owners.of(pod));
        owners.add(Owners.controlledBy(owner));
        return Writes.merge(
                client, pod, Map.of("metadata", Map.of("uid", pod.getMetadata().getUid(), "ownerReferences", owners)));
    }

    /** Makes a pod of a template; the API completes its name. */
    static Pod create(KubernetesClient client, HasMetadata owner, PodTemplateSpec template) {
        var meta = template.getMetadata();
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withGenerateName(
                        meta == null || meta.getGenerateName() == null
                                ? owner.getMetadata().getName() + "-"
                                : meta.getGenerateName())
                .withNamespace(owner.getMetadata().getNamespace())
                .withLabels(meta == null ? null : meta.getLabels())
                .withAnnotations(meta == null ? null : meta.getAnnotations())
                .withFinalizers(meta == null ? List.of() : meta.getFinalizers())
                .withOwnerReferences(Owners.controlledBy(owner))
                .endMetadata()
                .withSpec(template.getSpec())
                .build();
        return client.resource(pod).create();
    }

    /** Whether the pod is neither over nor about to go. */
    static boolean active(Pod pod) {
        return !over(pod) && pod.getMetadata().getDeletionTimestamp() == null;
    }

    static boolean over(Pod pod) {
        return phase(pod).equals("Succeeded") || phase(pod).equals("Failed");
    }

    static String phase(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return phase == null ? "Pending" : phase;
    }

    static boolean ready(Pod pod) {
        PodCondition condition = condition(pod, "Ready");
        return condition != null && "True".equals(condition.getStatus());
    }

    /** How long until the pod has been ready for {@code minimum}; zero when it has, null when it is not ready. */
    static @Nullable Duration untilAvailable(Pod pod, Duration minimum, Instant now) {
        PodCondition condition = condition(pod, "Ready");
        if (condition == null || !"True".equals(condition.getStatus())) {
            return null;
        }
        if (minimum.isZero() || condition.getLastTransitionTime() == null) {
            return Duration.ZERO;
        }
        Duration left = Duration.between(
                now, Instant.parse(condition.getLastTransitionTime()).plus(minimum));
        return left.isPositive() ? left : Duration.ZERO;
    }

    static @Nullable PodCondition condition(Pod pod, String type) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return null;
        }
        for (PodCondition each : pod.getStatus().getConditions()) {
            if (each.getType().equals(type)) {
                return each;
            }
        }
        return null;
    }

    static int restarts(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
            return 0;
        }
        return pod.getStatus().getContainerStatuses().stream()
                .mapToInt(status -> status.getRestartCount() == null ? 0 : status.getRestartCount())
                .sum();
    }
}
