package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.HostIP;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The status of a pod from what its containers do; pure. See the Kubernetes documentation, "Pod Lifecycle". */
final class PodStatuses {
    private static final Set<String> OURS =
            Set.of("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready");

    private PodStatuses() {}

    /**
     * The status of {@code pod}, whose own status gives the conditions of others and the times of ours.
     *
     * @param address the pod's address, null before it has one
     */
    static PodStatus of(
            Pod pod,
            List<ContainerView> containers,
            @Nullable String address,
            String host,
            Instant start,
            Instant now) {
        List<ContainerView> inits =
                containers.stream().filter(ContainerView::init).toList();
        List<ContainerView> mains = containers.stream().filter(c -> !c.init()).toList();
        boolean initialized = inits.stream().allMatch(c -> c.sidecar() ? c.started() : c.succeeded());
        String phase = phase(inits, mains);
        var status = new PodStatusBuilder()
                .withPhase(phase)
                .withHostIP(host)
                .withHostIPs(new HostIP(host))
                .withStartTime(start.toString())
                .withQosClass(qos(pod))
                .withInitContainerStatuses(
                        inits.stream().map(PodStatuses::status).toList())
                .withContainerStatuses(mains.stream().map(PodStatuses::status).toList())
                .withConditions(conditions(pod, containers, initialized, phase, address != null, now));
        if (address != null) {
            status.withPodIP(address).withPodIPs(new PodIP(address));
        }
        return status.build();
    }

    /** The phase by the containers alone. */
    static String phase(List<ContainerView> inits, List<ContainerView> mains) {
        if (inits.stream().anyMatch(c -> !c.sidecar() && c.failed())) {
            return "Failed";
        }
        if (!mains.isEmpty() && mains.stream().allMatch(ContainerView::done)) {
            return mains.stream().allMatch(ContainerView::succeeded) ? "Succeeded" : "Failed";
        }
        // A container that waits for its first run keeps the pod pending; one that has run and waits does not.
        boolean first = mains.stream()
                .anyMatch(c -> c.state() instanceof ContainerState.Waiting && c.last() == null && c.id().isEmpty());
        return first ? "Pending" : "Running";
    }

    private static List<PodCondition> conditions(
            Pod pod, List<ContainerView> all, boolean initialized, String phase, boolean network, Instant now) {
        List<PodCondition> before =
                pod.getStatus() == null ? List.of() : pod.getStatus().getConditions();
        List<PodCondition> result = before.stream()
                .filter(c -> !OURS.contains(c.getType()))
                .collect(Collectors.toCollection(ArrayList::new));
        List<String> unready = all.stream()
                .filter(c -> !c.init() || c.sidecar())
                .filter(c -> !c.ready())
                .map(ContainerView::name)
                .toList();
        List<String> incomplete = all.stream()
                .filter(c -> c.init() && !(c.sidecar() ? c.started() : c.succeeded()))
                .map(ContainerView::name)
                .toList();
        boolean completed = phase.equals("Succeeded");
        String missing = "containers with unready status: [" + String.join(" ", unready) + "]";
        boolean gates = pod.getSpec().getReadinessGates().stream().allMatch(gate -> before.stream()
                .anyMatch(c -> c.getType().equals(gate.getConditionType()) && "True".equals(c.getStatus())));
        String why = completed ? "PodCompleted" : phase.equals("Failed") ? "PodFailed" : "ContainersNotReady";
        boolean ready = unready.isEmpty() && !completed && !phase.equals("Failed");
        result.add(condition("PodReadyToStartContainers", network && !completed, "", "", before, now));
        result.add(condition(
                "Initialized",
                initialized,
                completed ? "PodCompleted" : "ContainersNotInitialized",
                "containers with incomplete status: [" + String.join(" ", incomplete) + "]",
                before,
                now));
        result.add(condition("ContainersReady", ready, why, missing, before, now));
        result.add(
                ready && !gates
                        ? condition(
                                "Ready", false, "ReadinessGatesNotReady", "a readiness gate is not met", before, now)
                        : condition("Ready", ready, why, missing, before, now));
        return result;
    }

    private static PodCondition condition(
            String type, boolean value, String reason, String message, List<PodCondition> before, Instant now) {
        String text = value ? "True" : "False";
        String since = before.stream()
                .filter(c -> c.getType().equals(type) && text.equals(c.getStatus()))
                .map(PodCondition::getLastTransitionTime)
                .findFirst()
                .orElse(now.toString());
        var condition =
                new PodConditionBuilder().withType(type).withStatus(text).withLastTransitionTime(since);
        if (!value && !reason.isEmpty()) {
            condition.withReason(reason).withMessage(message);
        }
        return condition.build();
    }

    private static ContainerStatus status(ContainerView container) {
        var status = new ContainerStatusBuilder()
                .withName(container.name())
                .withImage(container.image())
                .withImageID(container.id().isEmpty() ? "" : "lateen://" + container.image())
                .withReady((container.init() && !container.sidecar()) ? container.succeeded() : container.ready())
                .withStarted(container.started())
                .withRestartCount(container.restarts())
                .withState(state(container.state()));
        if (!container.id().isEmpty()) {
            status.withContainerID("lateen://" + container.id());
        }
        if (container.last() != null) {
            status.withLastState(state(container.last()));
        }
        return status.build();
    }

    private static io.fabric8.kubernetes.api.model.ContainerState state(ContainerState state) {
        var result = new ContainerStateBuilder();
        switch (state) {
            case ContainerState.Waiting(String reason, String message) -> {
                var waiting = result.withNewWaiting().withReason(reason);
                (message.isEmpty() ? waiting : waiting.withMessage(message)).endWaiting();
            }
            case ContainerState.Running(Instant since) -> result.withNewRunning(since.toString());
            case ContainerState.Terminated end ->
                result.withNewTerminated()
                        .withExitCode(end.exitCode())
                        .withReason(end.reason())
                        .withStartedAt(end.started().toString())
                        .withFinishedAt(end.finished().toString())
                        .withContainerID("lateen://" + end.id())
                        .endTerminated();
        }
        return result.build();
    }

    private static String qos(Pod pod) {
        boolean any = false;
        boolean all = true;
        for (var container : pod.getSpec().getContainers()) {
            var resources = container.getResources();
            var limits = resources == null || resources.getLimits() == null ? null : resources.getLimits();
            var requests = resources == null || resources.getRequests() == null ? null : resources.getRequests();
            boolean some = (limits != null && !limits.isEmpty()) || (requests != null && !requests.isEmpty());
            any |= some;
            all &= limits != null
                    && limits.keySet().containsAll(Set.of("cpu", "memory"))
                    && (requests == null || requests.isEmpty() || requests.equals(limits));
        }
        return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
    }
}
