package dev.lateen.cli;

import dev.lateen.analysis.SyncTable;
import dev.lateen.ops.MeshPods;
import dev.lateen.ops.OperationException;
import dev.lateen.ops.SyncPages;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
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
    @Option(
            names = {"-i", "--istioNamespace"},
            description = "namespace of the control plane (${DEFAULT-VALUE})")
    String systemNamespace = MeshPods.SYSTEM_NAMESPACE;

    @Option(
            names = {"-o", "--output"},
            description = "table or json (${DEFAULT-VALUE})")
    String output = "table";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException, CommandException, OperationException {
        try (KubernetesClient client = cluster.client()) {
            SyncPages pages = SyncPages.ask(client, new MeshPods(client).controlPlane(systemNamespace));
            JsonNode syncz = pages.proxies();
            System.out.print(
                    output.equals("json")
                            ? syncz.toPrettyString() + "\n"
                            : SyncTable.of(syncz) + SyncTable.refusals(syncz));
            pages.failures()
                    .forEach((pod, why) -> System.err.println(
                            "The proxies of " + pod.namespace() + "/" + pod.name() + " are missing: " + why));
            return pages.failures().isEmpty() ? 0 : 1;
        }
    }
}
