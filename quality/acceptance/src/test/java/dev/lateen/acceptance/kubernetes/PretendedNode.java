package dev.lateen.acceptance.kubernetes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The node {@code n1} of a cluster without processes, the same on both sides: pods bound to it run at once, those that
 * never start again have succeeded at once, and all go when they are to go. Images named {@code broken} never run.
 */
final class PretendedNode implements AutoCloseable {
    private static final String NAME = "n1";
    private static final PatchContext STRATEGIC = PatchContext.of(PatchType.STRATEGIC_MERGE);
    private static final Duration TURN = Duration.ofMillis(50);
    private static final Duration HEARTBEAT = Duration.ofSeconds(5);

    private final KubernetesClient client;
    private final AtomicInteger address = new AtomicInteger();
    private final Thread pods;
    private final Thread heart;

    PretendedNode(Config config) {
        client = new KubernetesClientBuilder().withConfig(config).build();
        Map<String, Quantity> capacity =
                Map.of("cpu", new Quantity("4"), "memory", new Quantity("8Gi"), "pods", new Quantity("110"));
        String now = now();
        client.resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName(NAME)
                        .addToLabels("kubernetes.io/hostname", NAME)
                        .endMetadata()
                        .build())
                .create();
        var status = new NodeBuilder()
                .withNewStatus()
                .withCapacity(capacity)
                .withAllocatable(capacity)
                .addNewAddress("10.0.0.1", "InternalIP")
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("KubeletReady")
                .withMessage("kubelet is posting ready status")
                .withLastHeartbeatTime(now)
                .withLastTransitionTime(now)
                .endCondition()
                .withNewNodeInfo()
                .withKubeletVersion("v1.35.0")
                .endNodeInfo()
                .endStatus()
                .build()
                .getStatus();
        client.nodes().withName(NAME).subresource("status").patch(STRATEGIC, body(status));
        pods = Thread.ofVirtual().start(() -> repeat(TURN, this::look));
        heart = Thread.ofVirtual().start(() -> repeat(HEARTBEAT, this::beat));
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static void repeat(Duration pause, Runnable work) {
        try {
            while (true) {
                try {
                    work.run();
                } catch (KubernetesClientException e) {
                    // What has changed meanwhile is looked at again in the next turn.
                    if (e.getCode() != 404 && e.getCode() != 409) {
                        throw e;
                    }
                }
                Thread.sleep(pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void beat() {
        var leases = client.leases().inNamespace("kube-node-lease");
        var lease = new LeaseBuilder()
                .withNewMetadata()
                .withName(NAME)
                .withNamespace("kube-node-lease")
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(NAME)
                .withLeaseDurationSeconds(40)
                .withRenewTime(ZonedDateTime.now(ZoneOffset.UTC))
                .endSpec()
                .build();
        if (leases.withName(NAME).get() == null) {
            leases.resource(lease).create();
        } else {
            leases.resource(lease).update();
        }
    }

    private void look() {
        for (Pod pod : client.pods().inAnyNamespace().list().getItems()) {
            if (!NAME.equals(pod.getSpec().getNodeName())) {
                continue;
            }
            if (pod.getMetadata().getDeletionTimestamp() != null) {
                Long grace = pod.getMetadata().getDeletionGracePeriodSeconds();
                if (grace != null && grace > 0) {
                    client.resource(pod).withGracePeriod(0).delete();
                }
            } else if (pod.getStatus().getPodIP() == null) {
                run(pod);
            }
        }
    }

    private void run(Pod pod) {
        String now = now();
        boolean over = "Never".equals(pod.getSpec().getRestartPolicy());
        boolean broken = pod.getSpec().getContainers().stream()
                .anyMatch(each -> each.getImage().equals("broken"));
        String ready = over || broken ? "False" : "True";
        String ip = "10.244.0." + address.incrementAndGet();
        List<ContainerStatus> containers = pod.getSpec().getContainers().stream()
                .map(each -> container(each, over, broken, now))
                .toList();
        var status = new PodBuilder()
                .withNewStatus()
                .withPhase(over ? "Succeeded" : broken ? "Pending" : "Running")
                .withPodIP(ip)
                .withHostIP("10.0.0.1")
                .withStartTime(now)
                .addNewPodIP(ip)
                .withContainerStatuses(containers)
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .withLastTransitionTime(now)
                .endCondition()
                .endStatus()
                .build()
                .getStatus();
        client.resource(pod).subresource("status").patch(STRATEGIC, body(status));
    }

    private String body(Object status) {
        return "{\"status\":" + client.getKubernetesSerialization().asJson(status) + "}";
    }

    private static ContainerStatus container(Container container, boolean over, boolean broken, String now) {
        var status = new ContainerStatusBuilder()
                .withName(container.getName())
                .withImage(container.getImage())
                .withImageID("sha256:0")
                .withReady(!over && !broken)
                .withStarted(!over && !broken)
                .withRestartCount(0)
                .withContainerID("pretended://0");
        if (over) {
            status.withNewState()
                    .withNewTerminated()
                    .withExitCode(0)
                    .withReason("Completed")
                    .withStartedAt(now)
                    .withFinishedAt(now)
                    .endTerminated()
                    .endState();
        } else if (broken) {
            status.withNewState()
                    .withNewWaiting("no such image", "ErrImagePull")
                    .endState();
        } else {
            status.withNewState().withNewRunning(now).endState();
        }
        return status.build();
    }

    @Override
    public void close() {
        pods.interrupt();
        heart.interrupt();
        client.close();
    }
}
