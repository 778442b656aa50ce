package dev.lateen.cli;

import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OperationException;
import dev.lateen.ops.PodPages;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The proxy that is asked. */
final class ProxyPod {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "POD",
            description = "POD, POD.NAMESPACE, or deployment/NAME[.NAMESPACE]")
    String pod = "";

    @Option(
            names = {"-n", "--namespace"},
            description = "namespace of the pod (${DEFAULT-VALUE})")
    String namespace = "default";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    /** What the admin interface answers. */
    String text(String method, String path) throws IOException, CommandException, OperationException {
        if (pod.isEmpty()) {
            throw new CommandException("of which pod? give POD, POD.NAMESPACE or deployment/NAME");
        }
        try (KubernetesClient client = cluster.client()) {
            return new PodPages(client)
                    .text(
                            new MeshPods(client).ofPodOrDeployment(pod, namespace),
                            PodPages.PROXY_ADMIN_PORT,
                            method,
                            path);
        }
    }
}
