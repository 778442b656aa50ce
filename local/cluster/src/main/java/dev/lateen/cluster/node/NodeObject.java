package dev.lateen.cluster.node;

import dev.lateen.cluster.network.Hub;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Node of the cluster and the Lease that shows it alive. */
final class NodeObject {
    private static final Logger LOG = LoggerFactory.getLogger(NodeObject.class);
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    static final String VERSION = "v1.35.0+lateen";

    private final KubernetesClient client;
    private final String name;
    private final String hostAddress;

    /** @param hostAddress where the host reaches node ports */
    NodeObject(KubernetesClient client, String name, String hostAddress) {
        this.client = client;
        this.name = name;
        this.hostAddress = hostAddress;
    }

    /** Writes the Node, ready. */
    void register() {
        Node node = node();
        if (client.nodes().withName(name).get() == null) {
            client.nodes().resource(node).create();
        }
        var _ = client.nodes()
                .withName(name)
                .patch(
                        MERGE,
                        Serialization.asJson(Map.of(
                                "metadata", Map.of("labels", node.getMetadata().getLabels()))));
        var _ = client.nodes()
                .withName(name)
                .subresource("status")
                .patch(MERGE, Serialization.asJson(Map.of("status", node.getStatus())));
    }

    /** Renews the lease until interrupted. */
    void heartbeat() {
        try {
            while (true) {
                try {
                    renew();
                } catch (KubernetesClientException e) {
                    LOG.info("The node's lease is not renewed", e);
                }
                Thread.sleep(HEARTBEAT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void renew() {
        var leases = client.leases().inNamespace("kube-node-lease");
        var lease = new LeaseBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("kube-node-lease")
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(name)
                .withLeaseDurationSeconds(40)
                .withRenewTime(ZonedDateTime.now(ZoneOffset.UTC))
                .endSpec()
                .build();
        if (leases.withName(name).get() == null) {
            leases.resource(lease).create();
        } else {
            String time = Serialization.asJson(Map.of("spec", lease.getSpec()));
            var _ = leases.withName(name).patch(MERGE, time);
        }
    }

    private Node node() {
        String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
        String now = Instant.now().toString();
        Map<String, Quantity> capacity = Map.of(
                "cpu", new Quantity(Integer.toString(Runtime.getRuntime().availableProcessors())),
                "memory", new Quantity(memoryKilobytes() + "Ki"),
                "ephemeral-storage", new Quantity("100Gi"),
                "pods", new Quantity("500"));
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("kubernetes.io/hostname", name)
                .addToLabels("kubernetes.io/os", "linux")
                .addToLabels("kubernetes.io/arch", arch)
                .addToLabels("beta.kubernetes.io/os", "linux")
                .addToLabels("beta.kubernetes.io/arch", arch)
                .addToLabels("node-role.kubernetes.io/control-plane", "")
                .addToLabels("lateen.dev/local", "true")
                .addToAnnotations(
                        "lateen.dev/restarts",
                        "crashed containers wait at most 1 s before they run again"
                                + " (crashLoopBackOff.maxContainerRestartPeriod), not 5 minutes")
                .endMetadata()
                .withNewSpec()
                .withPodCIDR("10.244.0.0/16")
                .endSpec()
                .withNewStatus()
                .withCapacity(capacity)
                .withAllocatable(capacity)
                .addNewAddress(Hub.NODE_ADDRESS, "InternalIP")
                .addNewAddress(hostAddress, "ExternalIP")
                .addNewAddress(name, "Hostname")
                .withConditions(List.of(
                        condition(
                                "MemoryPressure",
                                "False",
                                "KubeletHasSufficientMemory",
                                "kubelet has sufficient memory available",
                                now),
                        condition(
                                "DiskPressure",
                                "False",
                                "KubeletHasNoDiskPressure",
                                "kubelet has no disk pressure",
                                now),
                        condition(
                                "PIDPressure",
                                "False",
                                "KubeletHasSufficientPID",
                                "kubelet has sufficient PID available",
                                now),
                        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", now)))
                .withNewNodeInfo()
                .withArchitecture(arch)
                .withOperatingSystem("linux")
                .withKernelVersion(System.getProperty("os.version"))
                .withOsImage("the host's")
                .withContainerRuntimeVersion("lateen://0.1.0")
                .withKubeletVersion(VERSION)
                .withKubeProxyVersion("")
                .withMachineID("lateen")
                .withSystemUUID("lateen")
                .withBootID("lateen")
                .endNodeInfo()
                .endStatus()
                .build();
    }

    private static NodeCondition condition(String type, String status, String reason, String message, String now) {
        return new NodeConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastHeartbeatTime(now)
                .withLastTransitionTime(now)
                .build();
    }

    private static long memoryKilobytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemTotal:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            LOG.info("The machine's memory is unknown", e);
        }
        return 4 << 20;
    }
}
