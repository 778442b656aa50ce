package dev.lateen.cli;

import dev.lateen.config.ObjectName;
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

    /** A question to the pages of a pod. */
    private interface Question<T> {
        T of(PodPages pages, ObjectName asked) throws IOException, OperationException;
    }

    /** What the admin interface answers. */
    String text(String method, String path) throws IOException, CommandException, OperationException {
        return answer((pages, asked) -> pages.text(asked, PodPages.PROXY_ADMIN_PORT, method, path));
    }

    /** A page of the admin interface that only our proxy has. */
    String own(String path) throws IOException, CommandException, OperationException {
        return answer((pages, asked) -> pages.find(asked, PodPages.PROXY_ADMIN_PORT, path))
                .orElseThrow(() -> new CommandException(
                        "the proxy of pod " + pod + " has no page " + path + ", which is our proxy's alone"));
    }

    private <T> T answer(Question<T> question) throws IOException, CommandException, OperationException {
        if (pod.isEmpty()) {
            throw new CommandException("of which pod? give POD, POD.NAMESPACE or deployment/NAME");
        }
        try (KubernetesClient client = cluster.client()) {
            return question.of(new PodPages(client), new MeshPods(client).ofPodOrDeployment(pod, namespace));
        }
    }
}
