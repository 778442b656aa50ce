package dev.lateen.cli;

import dev.lateen.analysis.EgressProbe;
import dev.lateen.analysis.Outgoing;
import dev.lateen.analysis.TextTable;
import dev.lateen.mesh.Snapshot;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen egress probe}: that what ServiceEntries list answers, and that what they do not list is refused. */
@Command(
        name = "probe",
        description =
                "Call, from a pod of the mesh, every host that ServiceEntries let out, and names beside them that"
                        + " must be refused. The pod's own container needs curl. The exit code is 1 when one is not as it must be.")
final class EgressProbeCommand implements Callable<Integer> {
    private static final int SECONDS = 10;

    @Option(names = "--from", required = true, description = "POD or POD.NAMESPACE that calls")
    String from = "";

    @Option(names = "--container", description = "its container with curl; the first that is not the proxy without it")
    String container = "";

    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    private String nowhere = "";

    /** What a call came to. */
    private record Outcome(boolean asItMust, String text) {}

    @Override
    public Integer call() throws IOException, CommandException, InterruptedException {
        if (!manifests.files.isEmpty()) {
            throw new CommandException("egress probe looks at the cluster: it takes no -f");
        }
        Snapshot snapshot = manifests.clusterAndFiles().read().snapshot();
        nowhere = EgressProbe.nowhere(snapshot);
        boolean good = true;
        TextTable table = new TextTable("HOST", "PORT", "MUST", "RESULT", "ENTRY");
        try (KubernetesClient client = manifests.cluster.client()) {
            Pod pod = MeshPods.named(client, from, manifests.namespace).getFirst();
            for (EgressProbe probe : EgressProbe.of(snapshot, pod.getMetadata().getNamespace())) {
                Outcome outcome = probe.skipped().isEmpty()
                        ? probe(client, pod, probe)
                        : new Outcome(true, "not called: " + probe.skipped());
                good &= outcome.asItMust();
                table.row(
                        probe.host(),
                        Integer.toString(probe.port()),
                        probe.answers() ? "answer" : "be refused",
                        (outcome.asItMust() ? "" : "WRONG: ") + outcome.text(),
                        probe.entry().isEmpty() ? "-" : probe.entry());
            }
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
        System.out.print(table);
        return good ? 0 : 1;
    }

    private Outcome probe(KubernetesClient client, Pod pod, EgressProbe probe)
            throws IOException, CommandException, InterruptedException {
        long before = refused(client, pod);
        Answer answer = curl(client, pod, probe);
        boolean refused = refused(client, pod) > before;
        if (!probe.answers()) {
            return refused
                    ? new Outcome(true, "refused by the mesh")
                    : new Outcome(false, "the mesh let it out (" + answer.text() + ")");
        }
        if (refused) {
            return new Outcome(false, "refused by the mesh");
        }
        return new Outcome(answer.status() > 0 && answer.status() != 503 && answer.status() != 504, answer.text());
    }

    /** How many calls the pod's proxy has refused because it does not know where they go. */
    private static long refused(KubernetesClient client, Pod pod)
            throws IOException, CommandException, InterruptedException {
        ProxyMetrics.Read read = ProxyMetrics.read(client, List.of(pod));
        if (read.pages().isEmpty()) {
            throw new CommandException("no metrics from " + MeshPods.name(pod) + ": "
                    + String.join(", ", read.failures().values()));
        }
        return read.pages().values().stream()
                .flatMap(List::stream)
                .filter(sample -> sample.name().equals("istio_requests_total")
                        || sample.name().equals("istio_tcp_connections_opened_total"))
                .filter(sample -> sample.label("destination_service_name").equals(Outgoing.REFUSED))
                .mapToLong(sample -> Math.round(sample.value()))
                .sum();
    }

    /** What curl said: the status of the answer, 0 for none. */
    private record Answer(int status, String text) {}

    private Answer curl(KubernetesClient client, Pod pod, EgressProbe probe)
            throws CommandException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of("curl", "-sS", "-k", "-o", "/dev/null", "-w", "%{http_code}", "-m", Integer.toString(SECONDS)));
        if (!probe.answers()) {
            command.addAll(List.of("--resolve", probe.host() + ":" + probe.port() + ":" + nowhere));
        }
        command.add((probe.tls() ? "https" : "http") + "://" + probe.host() + ":" + probe.port() + "/");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (ExecWatch run = client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .inContainer(container(pod))
                .writingOutput(out)
                .writingError(err)
                .exec(command.toArray(String[]::new))) {
            int code = run.exitCode().get(3L * SECONDS, TimeUnit.SECONDS);
            String said = err.toString(StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
            if (code == 126 || code == 127) {
                throw new CommandException(
                        "pod " + MeshPods.name(pod) + " has no curl in container " + container(pod) + ": " + said);
            }
            String status = out.toString(StandardCharsets.US_ASCII).strip();
            int number = status.matches("\\d{3}") ? Integer.parseInt(status) : 0;
            return new Answer(number, number > 0 ? "answered " + number : said.isEmpty() ? "exit code " + code : said);
        } catch (ExecutionException | TimeoutException e) {
            return new Answer(0, "curl in pod " + MeshPods.name(pod) + " did not end: " + e.getMessage());
        }
    }

    private String container(Pod pod) {
        return container.isEmpty()
                ? pod.getSpec().getContainers().stream()
                        .map(Container::getName)
                        .filter(name -> !name.equals("istio-proxy"))
                        .findFirst()
                        .orElse("istio-proxy")
                : container;
    }
}
