package dev.lateen.cli;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
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
    public Integer call() throws IOException, CommandException {
        System.out.println(alone ? VERSION : "lateen " + VERSION + ", Java " + Runtime.version());
        if (remote) {
            try (KubernetesClient client = cluster.client()) {
                remote(client);
            } catch (KubernetesClientException e) {
                throw new CommandException("the cluster does not answer: " + e.getMessage());
            }
        }
        return 0;
    }

    private static void remote(KubernetesClient client) throws IOException, CommandException {
        List<Pod> planes = client.pods()
                .inNamespace("istio-system")
                .withLabel("app", "istiod")
                .list()
                .getItems();
        if (planes.isEmpty()) {
            System.out.println("no control plane runs in namespace istio-system");
        }
        AdminPages pages = new AdminPages(client);
        for (Pod plane : planes) {
            String name = plane.getMetadata().getName();
            System.out.println("control plane " + name + ": "
                    + pages.text("istio-system", name, MONITORING_PORT, "GET", "/version")
                            .strip());
        }
        // By image: what a proxy is, stands in its pod.
        MeshPods.all(client).stream()
                .flatMap(pod -> pod.getSpec().getContainers().stream())
                .filter(container -> container.getName().equals("istio-proxy"))
                .collect(Collectors.groupingBy(
                        container -> String.valueOf(container.getImage()), TreeMap::new, Collectors.counting()))
                .forEach((image, count) -> System.out.println("proxies " + image + ": " + count));
    }
}
