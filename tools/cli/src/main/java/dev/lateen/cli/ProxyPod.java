package dev.lateen.cli;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The proxy that is asked. */
final class ProxyPod {
    private static final int ADMIN_PORT = 15000;

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
    String text(String method, String path) throws IOException, CommandException {
        if (pod.isEmpty()) {
            throw new CommandException("of which pod? give POD, POD.NAMESPACE or deployment/NAME");
        }
        try (KubernetesClient client = cluster.client()) {
            String[] parts = pod.split("/", 2);
            String named = parts[parts.length - 1];
            int dot = named.lastIndexOf('.');
            String home = dot < 0 ? namespace : named.substring(dot + 1);
            String name = dot < 0 ? named : named.substring(0, dot);
            String kind = parts.length == 1 ? "pod" : parts[0];
            String found =
                    switch (kind) {
                        case "pod", "pods", "po" -> name;
                        case "deployment", "deployments", "deploy" -> podOf(client, home, name);
                        default -> throw new CommandException("expected pod/NAME or deployment/NAME, found " + pod);
                    };
            return new AdminPages(client).text(home, found, ADMIN_PORT, method, path);
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
    }

    private static String podOf(KubernetesClient client, String namespace, String name) throws CommandException {
        var deployment = client.apps()
                .deployments()
                .inNamespace(namespace)
                .withName(name)
                .get();
        if (deployment == null) {
            throw new CommandException("there is no deployment " + name + " in namespace " + namespace);
        }
        Map<String, String> labels = deployment.getSpec().getSelector().getMatchLabels();
        return client.pods().inNamespace(namespace).withLabels(labels).list().getItems().stream()
                .filter(each -> each.getStatus() != null
                        && "Running".equals(each.getStatus().getPhase()))
                .map((Pod each) -> each.getMetadata().getName())
                .sorted()
                .findFirst()
                .orElseThrow(
                        () -> new CommandException("no pod of deployment " + name + " runs in namespace " + namespace));
    }
}
