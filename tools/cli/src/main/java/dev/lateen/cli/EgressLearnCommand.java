package dev.lateen.cli;

import dev.lateen.analysis.EgressList;
import dev.lateen.analysis.Outgoing;
import dev.lateen.mesh.Snapshot;
import dev.lateen.telemetry.Sample;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    private static final int LAST_LINES = 100_000;

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
        if (!manifests.files.isEmpty()) {
            throw new CommandException("egress learn looks at the cluster: it takes no -f");
        }
        Snapshot snapshot = manifests.clusterAndFiles().read().snapshot();
        List<Outgoing> seen = new ArrayList<>();
        try (KubernetesClient client = manifests.cluster.client()) {
            List<Pod> pods = MeshPods.all(client);
            ProxyMetrics.Read read = ProxyMetrics.read(client, pods);
            read.failures().forEach((pod, why) -> System.err.println("no metrics from " + pod + ": " + why));
            read.pages()
                    .forEach((pod, page) ->
                            page.forEach(sample -> requests(pod.substring(0, pod.indexOf('/')), sample, seen)));
            long unnamed = read.pages().values().stream()
                    .flatMap(List::stream)
                    .filter(EgressLearnCommand::isConnectionOutside)
                    .mapToLong(sample -> Math.round(sample.value()))
                    .sum();
            long before = seen.size();
            for (Pod pod : pods) {
                log(client, pod, seen);
            }
            if (seconds > 0) {
                for (ProxyRequests.Request each : ProxyRequests.watch(client, pods, Duration.ofSeconds(seconds))) {
                    String[] pod = each.pod().split("/");
                    connection(pod[0], pod[1], each.line().json(), seen);
                }
            }
            if (unnamed > 0 && seen.size() == before && logs.isEmpty()) {
                System.err.println(unnamed + " connections that are no requests went outside, or were refused; where to"
                        + " stands in access logs (install --set meshConfig.accessLogFile=/dev/stdout), and is seen"
                        + " with --watch");
            }
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
        for (String log : logs) {
            lines(log).forEach(line -> connection(manifests.namespace, log, line, seen));
        }
        EgressList list = EgressList.of(snapshot, seen);
        System.out.print(list);
        if (list.entries().isEmpty()) {
            System.err.println("nothing was called outside that the mesh does not know");
        }
        return 0;
    }

    private static boolean isOutside(Sample sample) {
        String service = sample.label("destination_service_name");
        return sample.label("reporter").equals("source")
                && (service.equals(Outgoing.REFUSED) || service.equals(Outgoing.LET_OUT));
    }

    private static boolean isConnectionOutside(Sample sample) {
        return sample.name().equals("istio_tcp_connections_opened_total") && isOutside(sample);
    }

    private static void requests(String namespace, Sample sample, List<Outgoing> seen) {
        if (sample.name().equals("istio_requests_total") && isOutside(sample)) {
            seen.add(Outgoing.http(
                    namespace,
                    sample.label("source_workload"),
                    sample.label("destination_service"),
                    sample.label("destination_service_name"),
                    Math.round(sample.value())));
        }
    }

    private static void log(KubernetesClient client, Pod pod, List<Outgoing> seen) {
        try {
            String log = client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .inContainer("istio-proxy")
                    .tailingLines(LAST_LINES)
                    .getLog();
            log.lines()
                    .forEach(line -> connection(
                            pod.getMetadata().getNamespace(), pod.getMetadata().getName(), line, seen));
        } catch (KubernetesClientException e) {
            System.err.println("no log of " + MeshPods.name(pod) + ": " + e.getMessage());
        }
    }

    private static void connection(String namespace, String source, String line, List<Outgoing> seen) {
        Outgoing connection = Outgoing.connection(namespace, source, line);
        if (connection != null) {
            seen.add(connection);
        }
    }

    private static List<String> lines(String log) throws IOException, CommandException {
        if (log.equals("-")) {
            return new String(System.in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
        if (!Files.isReadable(Path.of(log))) {
            throw new CommandException("cannot read " + log);
        }
        return Files.readAllLines(Path.of(log));
    }
}
