package dev.lateen.cli;

import dev.lateen.config.ObjectName;
import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OperationException;
import dev.lateen.ops.PodPages;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Opens a way to a page of the mesh, as {@code istioctl dashboard} does. */
@Command(
        name = "dashboard",
        aliases = {"dash", "d"},
        description = "Open a way to the console, or to grafana, servicegraph, jaeger, zipkin, prometheus, proxy POD")
final class DashboardCommand implements Callable<Integer> {
    private static final int PROMETHEUS_PORT = 9090;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Parameters(
            index = "0",
            defaultValue = "console",
            description = "console, grafana, servicegraph, jaeger, zipkin, prometheus or proxy (envoy is the same);"
                    + " default ${DEFAULT-VALUE}")
    String page = "console";

    @Parameters(
            index = "1",
            defaultValue = "",
            description = "for proxy: the pod, POD, POD.NAMESPACE or deployment/NAME[.NAMESPACE]")
    String pod = "";

    @Option(
            names = {"-p", "--port"},
            description = "the local port; default: the page's own, 20001 for the console")
    int port;

    @Option(
            names = {"-n", "--namespace"},
            description = "namespace of the pod (${DEFAULT-VALUE})")
    String namespace = "default";

    @Option(names = "--address", description = "the local address to listen at (${DEFAULT-VALUE})")
    String address = "127.0.0.1";

    private record Target(ObjectName pod, int port, int localPort, String path) {
        Target(Pod pod, int port, int localPort, String path) {
            this(MeshPods.objectName(pod), port, localPort, path);
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException, OperationException {
        InetAddress listen = InetAddress.getByName(address);
        try (KubernetesClient client = cluster.client()) {
            Target target = target(client);
            int local = port == 0 ? target.localPort() : port;
            if (!listen.isLoopbackAddress()) {
                System.err.println("--address " + address + ": whoever reaches this address sees what you may see");
            }
            try (LocalPortForward forward = client.pods()
                    .inNamespace(target.pod().namespace())
                    .withName(target.pod().name())
                    .portForward(target.port(), listen, local)) {
                System.out.println("http://" + (address.contains(":") ? "[" + address + "]" : address) + ":"
                        + forward.getLocalPort() + target.path());
                System.out.println(
                        "to " + target.pod().namespace() + "/" + target.pod().name() + "; ends with Ctrl-C");
                new CountDownLatch(1).await();
            }
        }
        return 0;
    }

    private Target target(KubernetesClient client) throws CommandException, OperationException {
        MeshPods pods = new MeshPods(client);
        return switch (page) {
            case "console", "kiali" -> new Target(pods.addOn("servicegraph", "servicegraph"), 8088, 20001, "/map");
            case "servicegraph" -> new Target(pods.addOn("servicegraph", "servicegraph"), 8088, 8088, "/map");
            case "grafana" -> new Target(pods.addOn("grafana", "grafana"), 3000, 3000, "/dashboard/db/istio-dashboard");
            case "jaeger" -> new Target(pods.addOn("jaeger", "tracing"), 16686, 16686, "/zipkin/");
            case "zipkin" -> new Target(pods.addOn("jaeger", "tracing"), 9411, 9411, "/zipkin/");
            case "prometheus" -> new Target(pods.prometheus(), PROMETHEUS_PORT, PROMETHEUS_PORT, "/");
            case "proxy", "envoy" -> new Target(proxy(pods), PodPages.PROXY_ADMIN_PORT, PodPages.PROXY_ADMIN_PORT, "/");
            default ->
                throw new CommandException("no page is called " + page
                        + "; there are console, grafana, servicegraph, jaeger, zipkin, prometheus and proxy POD");
        };
    }

    private ObjectName proxy(MeshPods pods) throws CommandException, OperationException {
        if (pod.isEmpty()) {
            throw new CommandException("which pod? lateen dashboard proxy POD[.NAMESPACE]");
        }
        return pods.ofPodOrDeployment(pod, namespace);
    }
}
