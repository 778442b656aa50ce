package dev.lateen.cli;

import dev.lateen.analysis.EgressProbe;
import dev.lateen.mesh.Snapshot;
import dev.lateen.ops.EgressProber;
import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OperationException;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
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
    @Option(names = "--from", required = true, description = "POD or POD.NAMESPACE that calls")
    String from = "";

    @Option(names = "--container", description = "its container with curl; the first that is not the proxy without it")
    String container = "";

    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Override
    public Integer call() throws IOException, CommandException, OperationException, InterruptedException {
        Snapshot snapshot = manifests.clusterAlone("egress probe");
        try (KubernetesClient client = manifests.cluster.client()) {
            Pod pod = new MeshPods(client)
                    .ofPodOrService(from, manifests.namespace)
                    .getFirst();
            List<EgressProbe> probes =
                    EgressProbe.of(snapshot, pod.getMetadata().getNamespace());
            List<EgressProber.Result> results =
                    new EgressProber(client, pod, container, EgressProbe.nowhere(snapshot)).run(probes);
            System.out.print(EgressProber.table(results));
            return results.stream().allMatch(EgressProber.Result::good) ? 0 : 1;
        }
    }
}
