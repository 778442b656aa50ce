package dev.lateen.cli;

import dev.lateen.analysis.Describe;
import dev.lateen.config.ObjectName;
import dev.lateen.mesh.Snapshot;
import dev.lateen.ops.MeshPods;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lateen experimental describe}: which rules apply to a pod or a service, and what is wrong with it. */
@Command(
        name = "describe",
        aliases = "des",
        description = "Say which rules of the cluster, or of the files, apply to a pod or a service.")
final class DescribeCommand {
    @Command(name = "pod", aliases = "po", description = "A pod, and the services that select it.")
    int pod(
            @Mixin ManifestOptions manifests,
            @Parameters(index = "0", paramLabel = "POD", description = "POD or POD.NAMESPACE") String text)
            throws IOException, CommandException {
        ObjectName pod = MeshPods.parse(text, "pod", manifests.namespace);
        return print(pod, Describe.pod(snapshot(manifests), pod.namespace(), pod.name()));
    }

    @Command(name = "service", aliases = "svc", description = "A service, and its pods.")
    int service(
            @Mixin ManifestOptions manifests,
            @Parameters(index = "0", paramLabel = "SERVICE", description = "SERVICE or SERVICE.NAMESPACE") String text)
            throws IOException, CommandException {
        ObjectName service = MeshPods.parse(text, "service", manifests.namespace);
        return print(service, Describe.service(snapshot(manifests), service.namespace(), service.name()));
    }

    private static Snapshot snapshot(ManifestOptions manifests) throws IOException, CommandException {
        return (manifests.files.isEmpty() ? manifests.clusterAndFiles() : manifests.files())
                .read()
                .snapshot();
    }

    private static int print(ObjectName name, Optional<String> description) throws CommandException {
        System.out.print(description.orElseThrow(() -> new CommandException(
                "there is no " + name.kind() + " " + name.name() + " in namespace " + name.namespace())));
        return 0;
    }
}
