package dev.lateen.cli;

import dev.lateen.analysis.MtlsPlan;
import dev.lateen.analysis.TextTable;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.telemetry.Identity;
import dev.lateen.telemetry.RequestLine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
        if (!manifests.files.isEmpty()) {
            throw new CommandException("mtls plan looks at the cluster: it takes no -f");
        }
        Snapshot snapshot = manifests.clusterAndFiles().read().snapshot();
        try (KubernetesClient client = manifests.cluster.client()) {
            List<Pod> pods = MeshPods.all(client);
            ProxyMetrics.Read read = ProxyMetrics.read(client, pods);
            List<MtlsPlan.Seen> seen = Identity.count(read.pages().values()).entrySet().stream()
                    .map(each -> seen(each.getKey(), each.getValue()))
                    .toList();
            Set<String> names = pods.stream().map(MeshPods::name).collect(Collectors.toSet());
            System.out.print(MtlsPlan.of(snapshot, seen, names, read.failures().keySet()));
            read.failures().forEach((pod, why) -> System.err.println("no metrics from " + pod + ": " + why));
            if (seconds > 0) {
                watch(client, pods, snapshot);
            }
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
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

    /** Names callers by the address they come from, which no metric has. */
    private void watch(KubernetesClient client, List<Pod> pods, Snapshot snapshot) throws InterruptedException {
        Map<String, Long> calls = new TreeMap<>();
        for (ProxyRequests.Request request : ProxyRequests.watch(client, pods, Duration.ofSeconds(seconds))) {
            RequestLine line = request.line();
            String address = line.field("downstream_direct_remote_address").replaceFirst(":\\d+$", "");
            if (line.field("upstream_cluster").startsWith("inbound")
                    && line.field("peer").isEmpty()
                    && !address.isEmpty()) {
                Workload caller = snapshot.registry().workloadAt(address);
                String from =
                        caller == null ? address : caller.namespace() + "/" + caller.name() + " (" + address + ")";
                calls.merge(from + "\t" + request.pod(), 1L, Long::sum);
            }
        }
        System.out.println();
        if (calls.isEmpty()) {
            System.out.println("nothing came in plaintext within " + seconds + " s");
            return;
        }
        TextTable table = new TextTable("PLAINTEXT WITHIN " + seconds + " S FROM", "TO", "CALLS");
        calls.forEach((pair, count) -> {
            String[] ends = pair.split("\t");
            table.row(ends[0], ends[1], Long.toString(count));
        });
        System.out.print(table);
    }
}
