package dev.lateen.cli;

import dev.lateen.analysis.EgressList;
import dev.lateen.mesh.Snapshot;
import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OutgoingCalls;
import dev.lateen.ops.ProxyMetrics;
import dev.lateen.ops.ProxyRequests;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen egress learn}: the ServiceEntries that what was seen would need. */
@Command(
        name = "learn",
        description = "Write the ServiceEntries for what was called outside, let out or refused, as YAML: names of"
                + " requests from the proxies' metrics, connections from their access logs where these are switched on,"
                + " and from looking at them for a while (--watch).")
final class EgressLearnCommand implements Callable<Integer> {
    @Option(
            names = "--log",
            paramLabel = "FILE",
            description =
                    "access log of a proxy to read too, or - for standard input; its callers are taken to be of -n")
    List<String> logs = new ArrayList<>();

    @Option(
            names = "--watch",
            paramLabel = "SECONDS",
            description = "also look at connections for so long; needs no access log")
    int seconds;

    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Override
    public Integer call() throws IOException, CommandException, InterruptedException {
        Snapshot snapshot = manifests.clusterAlone("egress learn");
        OutgoingCalls seen = new OutgoingCalls();
        try (KubernetesClient client = manifests.cluster.client()) {
            addCluster(client, seen);
        }
        if (seen.unnamedConnections() > 0 && logs.isEmpty()) {
            System.err.println(seen.unnamedConnections()
                    + " connections that are no requests went outside, or were refused; where to"
                    + " stands in access logs (install --set meshConfig.accessLogFile=/dev/stdout), and is seen"
                    + " with --watch");
        }
        for (String log : logs) {
            seen.addLog(manifests.namespace, log, new InputFile(log).text().lines());
        }
        EgressList list = EgressList.of(snapshot, seen.all());
        System.out.print(list);
        if (list.entries().isEmpty()) {
            System.err.println("nothing was called outside that the mesh does not know");
        }
        return 0;
    }

    private void addCluster(KubernetesClient client, OutgoingCalls seen) throws IOException, InterruptedException {
        List<Pod> pods = new MeshPods(client).withProxy();
        ProxyMetrics metrics = ProxyMetrics.read(client, pods);
        metrics.failures().forEach((pod, why) -> System.err.println("no metrics from " + pod + ": " + why));
        metrics.pages().forEach((pod, page) -> seen.addMetrics(pod.substring(0, pod.indexOf('/')), page));
        for (Pod pod : pods) {
            try {
                seen.addLog(client, pod);
            } catch (KubernetesClientException e) {
                System.err.println("no log of " + MeshPods.name(pod) + ": " + e.getMessage());
            }
        }
        if (seconds > 0) {
            new ProxyRequests(client)
                    .within(Duration.ofSeconds(seconds), pods, System.err::println)
                    .forEach(seen::add);
        }
    }
}
