package dev.lateen.cli;

import dev.lateen.analysis.CertificateAges;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code lateen analyze}: what is wrong in the cluster, and what would be with these files applied. */
@Command(
        name = "analyze",
        description =
                "Check all rules of the cluster, as they would be with the files applied, and how long the proxies'"
                        + " certificates are still good. The exit code is 1 when there are errors.")
final class AnalyzeCommand implements Callable<Integer> {
    private static final int ADMIN_PORT = 15000;
    private static final int AT_ONCE = 20;

    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Parameters(arity = "0..*", paramLabel = "FILE", description = "the same as -f FILE")
    List<String> files = new ArrayList<>();

    @Option(
            names = {"-A", "--all-namespaces"},
            description = "all namespaces, which are looked at in any case")
    boolean allNamespaces;

    @Option(
            names = {"-k", "--use-kube"},
            arity = "0..1",
            defaultValue = "true",
            fallbackValue = "true",
            description = "false: only the files")
    boolean useKube = true;

    @Option(
            names = "--failure-threshold",
            description = "from which level on the exit code is 1: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    Threshold failureThreshold = Threshold.Error;

    @Option(
            names = "--output-threshold",
            description = "from which level on a problem is printed: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    Threshold outputThreshold = Threshold.Info;

    /** Levels by Istio's names; nothing is found that is less than a warning. */
    enum Threshold {
        Info,
        Warning,
        Error;

        boolean takes(Problem problem) {
            return this != Error || problem.isError();
        }
    }

    @Override
    public Integer call() throws IOException, CommandException, InterruptedException {
        manifests.files.addAll(files);
        if (!useKube && manifests.files.isEmpty()) {
            throw new CommandException("without the cluster, which files? give FILE, a directory, or -");
        }
        List<Problem> problems =
                new ArrayList<>((useKube ? manifests.clusterAndFiles() : manifests.files()).check(useKube));
        if (useKube) {
            problems.addAll(certificates());
        }
        ValidateCommand.print(
                problems.stream().filter(outputThreshold::takes).toList(),
                useKube ? "no problem found in the cluster" : "no problem found");
        return problems.stream().anyMatch(failureThreshold::takes) ? 1 : 0;
    }

    /** What ends soon; a proxy that does not tell is named on standard error. */
    private List<Problem> certificates() throws CommandException, InterruptedException {
        List<Problem> problems = new ArrayList<>();
        try (KubernetesClient client = manifests.cluster.client();
                ExecutorService threads =
                        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
            AdminPages pages = new AdminPages(client);
            Map<Pod, Future<JsonNode>> dumps = new LinkedHashMap<>();
            for (Pod pod : MeshPods.all(client)) {
                dumps.put(
                        pod,
                        threads.submit(() -> pages.read(
                                pod.getMetadata().getNamespace(),
                                pod.getMetadata().getName(),
                                ADMIN_PORT,
                                "/config_dump")));
            }
            for (Map.Entry<Pod, Future<JsonNode>> dump : dumps.entrySet()) {
                var meta = dump.getKey().getMetadata();
                try {
                    problems.addAll(CertificateAges.problems(
                            new ObjectName("Pod", meta.getNamespace(), meta.getName()),
                            dump.getValue().get(),
                            Instant.now()));
                } catch (ExecutionException e) {
                    System.err.println(
                            "certificates of " + MeshPods.name(dump.getKey()) + " were not looked at: " + e.getCause());
                }
            }
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
        return problems;
    }
}
