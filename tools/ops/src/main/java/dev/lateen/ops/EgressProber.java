package dev.lateen.ops;

import dev.lateen.analysis.EgressProbe;
import dev.lateen.analysis.Outgoing;
import dev.lateen.analysis.TextTable;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Calls, from a pod of the mesh, what must be answered and what must be refused. It runs curl in the pod's own container,
 * 10 s for each call, and sees by the counts of the pod's proxy what was refused. One thread.
 */
public final class EgressProber {
    private static final int SECONDS = 10;

    private final KubernetesClient client;
    private final Pod pod;
    private final String container;
    private final String nowhere;

    /**
     * What a call came to.
     *
     * @param good whether it is as it must be
     */
    public record Result(EgressProbe probe, boolean good, String text) {}

    /** What curl said: the status of the answer, 0 for none. */
    record Answer(int status, String text) {}

    /**
     * @param container of the pod, with curl; the first that is not the proxy's when empty
     * @param nowhere address where nobody is, for names that must be refused
     */
    public EgressProber(KubernetesClient client, Pod pod, String container, String nowhere) {
        this.client = client;
        this.pod = pod;
        this.container = container.isEmpty() ? ownContainer(pod) : container;
        this.nowhere = nowhere;
    }

    /** Makes these calls one after the other; those that cannot be made are good. */
    public List<Result> run(List<EgressProbe> probes) throws IOException, OperationException, InterruptedException {
        List<Result> results = new ArrayList<>();
        for (EgressProbe probe : probes) {
            results.add(
                    probe.skipped().isEmpty()
                            ? call(probe)
                            : new Result(probe, true, "not called: " + probe.skipped()));
        }
        return results;
    }

    /** For people. */
    public static TextTable table(List<Result> results) {
        TextTable table = new TextTable("HOST", "PORT", "MUST", "RESULT", "ENTRY");
        for (Result result : results) {
            EgressProbe probe = result.probe();
            table.row(
                    probe.host(),
                    Integer.toString(probe.port()),
                    probe.answers() ? "answer" : "be refused",
                    (result.good() ? "" : "WRONG: ") + result.text(),
                    probe.entry().isEmpty() ? "-" : probe.entry());
        }
        return table;
    }

    private Result call(EgressProbe probe) throws IOException, OperationException, InterruptedException {
        long before = refused();
        Answer answer = curl(probe);
        return judged(probe, refused() > before, answer);
    }

    /** An answer of 503 or 504 is one of the proxy, which found no server. */
    static Result judged(EgressProbe probe, boolean refused, Answer answer) {
        if (refused) {
            return new Result(probe, !probe.answers(), "refused by the mesh");
        }
        return probe.answers()
                ? new Result(
                        probe, answer.status() > 0 && answer.status() != 503 && answer.status() != 504, answer.text())
                : new Result(probe, false, "the mesh let it out (" + answer.text() + ")");
    }

    /** How many calls the pod's proxy has refused because it does not know where they go. */
    private long refused() throws IOException, OperationException, InterruptedException {
        ProxyMetrics metrics = ProxyMetrics.read(client, List.of(pod));
        if (metrics.pages().isEmpty()) {
            throw new OperationException("no metrics from " + MeshPods.name(pod) + ": "
                    + String.join(", ", metrics.failures().values()));
        }
        return metrics.pages().values().stream()
                .flatMap(List::stream)
                .filter(sample -> sample.name().equals("istio_requests_total")
                        || sample.name().equals("istio_tcp_connections_opened_total"))
                .filter(sample -> sample.label("destination_service_name").equals(Outgoing.REFUSED))
                .mapToLong(sample -> Math.round(sample.value()))
                .sum();
    }

    private Answer curl(EgressProbe probe) throws OperationException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (ExecWatch run = client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .inContainer(container)
                .writingOutput(out)
                .writingError(err)
                .exec(command(probe, nowhere).toArray(String[]::new))) {
            int code = run.exitCode().get(3L * SECONDS, TimeUnit.SECONDS);
            String said = err.toString(StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
            if (code == 126 || code == 127) {
                throw new OperationException(
                        "pod " + MeshPods.name(pod) + " has no curl in container " + container + ": " + said);
            }
            return answer(code, out.toString(StandardCharsets.US_ASCII).strip(), said);
        } catch (ExecutionException | TimeoutException e) {
            return new Answer(0, "curl in pod " + MeshPods.name(pod) + " did not end: " + e.getMessage());
        }
    }

    /** A name that must be refused is sent to where nobody is, should the mesh let it out. */
    static List<String> command(EgressProbe probe, String nowhere) {
        List<String> command = new ArrayList<>(
                List.of("curl", "-sS", "-k", "-o", "/dev/null", "-w", "%{http_code}", "-m", Integer.toString(SECONDS)));
        if (!probe.answers()) {
            command.addAll(List.of("--resolve", probe.host() + ":" + probe.port() + ":" + nowhere));
        }
        command.add((probe.tls() ? "https" : "http") + "://" + probe.host() + ":" + probe.port() + "/");
        return command;
    }

    /** Of curl's exit code, the status that it wrote (000 for none), and what it said of errors. */
    static Answer answer(int code, String status, String said) {
        int number = status.matches("\\d{3}") ? Integer.parseInt(status) : 0;
        return new Answer(number, number > 0 ? "answered " + number : said.isEmpty() ? "exit code " + code : said);
    }

    private static String ownContainer(Pod pod) {
        return pod.getSpec().getContainers().stream()
                .map(Container::getName)
                .filter(name -> !name.equals(MeshPods.PROXY_CONTAINER))
                .findFirst()
                .orElse(MeshPods.PROXY_CONTAINER);
    }
}
