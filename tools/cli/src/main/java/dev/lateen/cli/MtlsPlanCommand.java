package dev.lateen.cli;

import dev.lateen.analysis.MtlsPlan;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.ops.MeshPods;
import dev.lateen.ops.PlaintextCallers;
import dev.lateen.ops.ProxyMetrics;
import dev.lateen.ops.ProxyRequests;
import dev.lateen.telemetry.Identity;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen mtls plan}: who would be refused where mutual TLS is demanded. */
@Command(
        name = "plan",
        description = "Say who calls in plaintext and would be refused under STRICT, and which workloads and namespaces"
                + " could turn STRICT today, by what the proxies have counted since they started.")
final class MtlsPlanCommand implements Callable<Integer> {
    @Option(
            names = "--watch",
            paramLabel = "SECONDS",
            description =
                    "also look at requests and connections for so long, to name callers by their pods that no proxy"
                            + " names")
    int seconds;

    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Override
    public Integer call() throws IOException, CommandException, InterruptedException {
        Snapshot snapshot = manifests.clusterAlone("mtls plan");
        try (KubernetesClient client = manifests.cluster.client()) {
            List<Pod> pods = new MeshPods(client).withProxy();
            ProxyMetrics metrics = ProxyMetrics.read(client, pods);
            List<MtlsPlan.Seen> seen = Identity.count(metrics.pages().values()).entrySet().stream()
                    .map(each -> seen(each.getKey(), each.getValue()))
                    .toList();
            Set<String> names = pods.stream().map(MeshPods::name).collect(Collectors.toSet());
            System.out.print(
                    MtlsPlan.of(snapshot, seen, names, metrics.failures().keySet()));
            metrics.failures().forEach((pod, why) -> System.err.println("no metrics from " + pod + ": " + why));
            if (seconds > 0) {
                Duration time = Duration.ofSeconds(seconds);
                List<ProxyRequests.Request> requests =
                        new ProxyRequests(client).within(time, pods, System.err::println);
                System.out.println();
                System.out.print(PlaintextCallers.of(time, requests, address -> workload(snapshot, address)));
            }
        }
        return 0;
    }

    private static MtlsPlan.Seen seen(Identity identity, long calls) {
        return new MtlsPlan.Seen(
                identity.source(),
                identity.sourceNamespace(),
                identity.workload(),
                identity.workloadNamespace(),
                identity.service(),
                identity.policy().equals("mutual_tls"),
                calls);
    }

    private static String workload(Snapshot snapshot, String address) {
        Workload workload = snapshot.registry().workloadAt(address);
        return workload == null ? "" : workload.namespace() + "/" + workload.name();
    }
}
