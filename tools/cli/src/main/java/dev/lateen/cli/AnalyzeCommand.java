package dev.lateen.cli;

import dev.lateen.config.Problem;
import dev.lateen.ops.MeshPods;
import dev.lateen.ops.ProxyCertificates;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lateen analyze}: what is wrong in the cluster, and what would be with these files applied. */
@Command(
        name = "analyze",
        description =
                "Check all rules of the cluster, as they would be with the files applied, and how long the proxies'"
                        + " certificates are still good. The exit code is 1 when there are errors.")
final class AnalyzeCommand implements Callable<Integer> {
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
        try (KubernetesClient client = manifests.cluster.client()) {
            return ProxyCertificates.problems(
                    client,
                    new MeshPods(client).withProxy(),
                    Instant.now(),
                    (pod, why) -> System.err.println(
                            "certificates of " + pod.namespace() + "/" + pod.name() + " were not looked at: " + why));
        }
    }
}
