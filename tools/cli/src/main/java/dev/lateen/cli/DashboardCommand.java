package dev.lateen.cli;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Opens a way to a page of the mesh, as {@code istioctl dashboard} does. */
@Command(
        name = "dashboard",
        description = "Open a way to the console, or to grafana, servicegraph, jaeger, zipkin, envoy POD")
final class DashboardCommand implements Callable<Integer> {
    private static final String SYSTEM = "istio-system";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Parameters(
            index = "0",
            defaultValue = "console",
            description = "console, grafana, servicegraph, jaeger, zipkin or envoy; default ${DEFAULT-VALUE}")
    String page = "console";

    @Parameters(index = "1", defaultValue = "", description = "for envoy: the pod, POD or POD.NAMESPACE")
    String pod = "";

    @Option(
            names = {"-p", "--port"},
            description = "the local port; default: the page's own, 20001 for the console")
    int port;

    private record Target(String namespace, String pod, int port, int localPort, String path) {}

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        try (KubernetesClient client = cluster.client()) {
            Target target = target(client);
            int local = port == 0 ? target.localPort() : port;
            try (LocalPortForward forward = client.pods()
                    .inNamespace(target.namespace())
                    .withName(target.pod())
                    .portForward(target.port(), InetAddress.getLoopbackAddress(), local)) {
                System.out.println("http://127.0.0.1:" + forward.getLocalPort() + target.path());
                System.out.println("to " + target.namespace() + "/" + target.pod() + "; ends with Ctrl-C");
                new CountDownLatch(1).await();
            }
        }
        return 0;
    }

    private Target target(KubernetesClient client) throws CommandException {
        return switch (page) {
            case "console", "servicegraph", "kiali" ->
                labelled(client, "servicegraph", 8088, page.equals("servicegraph") ? 8088 : 20001, "/map");
            case "grafana" -> labelled(client, "grafana", 3000, 3000, "/dashboard/db/istio-dashboard");
            case "jaeger" -> labelled(client, "jaeger", 16686, 16686, "/zipkin/");
            case "zipkin" -> labelled(client, "jaeger", 9411, 9411, "/zipkin/");
            case "envoy" -> {
                if (pod.isEmpty()) {
                    throw new CommandException("which pod? lateen dashboard envoy POD[.NAMESPACE]");
                }
                int dot = pod.indexOf('.');
                yield new Target(
                        dot < 0 ? "default" : pod.substring(dot + 1),
                        dot < 0 ? pod : pod.substring(0, dot),
                        15000,
                        15000,
                        "/");
            }
            default ->
                throw new CommandException("no page is called " + page
                        + "; there are console, grafana, servicegraph, jaeger, zipkin and envoy POD");
        };
    }

    private static Target labelled(KubernetesClient client, String app, int port, int local, String path)
            throws CommandException {
        List<Pod> pods =
                client.pods().inNamespace(SYSTEM).withLabel("app", app).list().getItems();
        if (pods.isEmpty()) {
            throw new CommandException("no pod of " + SYSTEM + " has label app=" + app
                    + "; switch it on with: lateen install --set "
                    + (app.equals("jaeger") ? "tracing" : app) + ".enabled=true");
        }
        return new Target(SYSTEM, pods.getFirst().getMetadata().getName(), port, local, path);
    }
}
