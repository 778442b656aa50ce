package dev.lateen.cli;

import dev.lateen.analysis.SyncTable;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** {@code lateen proxy-status}: which proxies are connected, and whether they have what they should. */
@Command(
        name = "proxy-status",
        aliases = "ps",
        description = "Say which proxies are connected and whether they have the newest configuration.")
final class ProxyStatusCommand implements Callable<Integer> {
    private static final int DEBUG_PORT = 8080;

    @Option(
            names = {"-i", "--istioNamespace"},
            description = "namespace of the control plane (${DEFAULT-VALUE})")
    String systemNamespace = "istio-system";

    @Option(
            names = {"-o", "--output"},
            description = "table or json (${DEFAULT-VALUE})")
    String output = "table";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException, CommandException {
        try (KubernetesClient client = cluster.client()) {
            List<Pod> pods = client.pods()
                    .inNamespace(systemNamespace)
                    .withLabel("app", "istiod")
                    .list()
                    .getItems();
            if (pods.isEmpty()) {
                throw new CommandException("no control plane runs in namespace " + systemNamespace);
            }
            String pod = pods.getFirst().getMetadata().getName();
            JsonNode syncz = new AdminPages(client).read(systemNamespace, pod, DEBUG_PORT, "/debug/syncz");
            System.out.print(
                    output.equals("json")
                            ? syncz.toPrettyString() + "\n"
                            : SyncTable.of(syncz).toString());
            System.out.print(output.equals("json") ? "" : SyncTable.refusals(syncz));
            return 0;
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
    }
}
