package dev.lateen.cli;

import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OperationException;
import dev.lateen.ops.PodPages;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen version}. */
@Command(name = "version", description = "Print the version.")
final class VersionCommand implements Callable<Integer> {
    /** The version of this build; what the POM says. */
    static final String VERSION = "0.1.0-SNAPSHOT";

    private static final int MONITORING_PORT = 15014;

    @Option(
            names = {"-s", "--short"},
            description = "the version and nothing else")
    boolean alone;

    @Option(
            names = "--remote",
            arity = "0..1",
            defaultValue = "false",
            fallbackValue = "true",
            description = "also those of the control plane and of the proxies in the cluster")
    boolean remote;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException, CommandException, OperationException {
        System.out.println(alone ? VERSION : "lateen " + VERSION + ", Java " + Runtime.version());
        if (remote) {
            try (KubernetesClient client = cluster.client()) {
                remote(client);
            }
        }
        return 0;
    }

    private static void remote(KubernetesClient client) throws IOException, OperationException {
        MeshPods pods = new MeshPods(client);
        List<Pod> planes = pods.ofApp("istiod", MeshPods.SYSTEM_NAMESPACE);
        if (planes.isEmpty()) {
            System.out.println("no control plane runs in namespace " + MeshPods.SYSTEM_NAMESPACE);
        }
        for (Pod plane : planes) {
            String version = new PodPages(client).text(MeshPods.objectName(plane), MONITORING_PORT, "GET", "/version");
            System.out.println("control plane " + plane.getMetadata().getName() + ": " + version.strip());
        }
        // By image: what a proxy is, stands in its pod.
        pods.withProxy().stream()
                .flatMap(pod -> pod.getSpec().getContainers().stream())
                .filter(container -> container.getName().equals(MeshPods.PROXY_CONTAINER))
                .collect(Collectors.groupingBy(
                        container -> String.valueOf(container.getImage()), TreeMap::new, Collectors.counting()))
                .forEach((image, count) -> System.out.println("proxies " + image + ": " + count));
    }
}
