package dev.lateen.cli;

import dev.lateen.analysis.ConfigTables;
import dev.lateen.analysis.SecretTable;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code lateen proxy-config}: what one proxy was told, ours or Envoy. */
@Command(name = "proxy-config", aliases = "pc", description = "Show the configuration in force in one proxy.")
final class ProxyConfigCommand implements Callable<Integer> {
    private static final int ADMIN_PORT = 15000;

    /** What is shown. */
    enum Part {
        listeners,
        routes,
        clusters,
        endpoints,
        secret,
        bootstrap
    }

    @Parameters(index = "0", description = "listeners, routes, clusters, endpoints, secret or bootstrap")
    Part part = Part.listeners;

    @Parameters(index = "1", arity = "0..1", description = "POD, or POD.NAMESPACE")
    String pod = "";

    @Option(
            names = {"-n", "--namespace"},
            description = "namespace of the pod (${DEFAULT-VALUE})")
    String namespace = "default";

    @Option(
            names = {"-f", "--file"},
            description = "file with a page of the admin interface, instead of a pod")
    String file = "";

    @Option(
            names = {"-o", "--output"},
            description = "table or json (${DEFAULT-VALUE})")
    String output = "table";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException, CommandException {
        JsonNode page = page();
        System.out.print(output.equals("json") ? json(page).toPrettyString() + "\n" : table(page));
        return 0;
    }

    private JsonNode page() throws IOException, CommandException {
        if (!file.isEmpty()) {
            try {
                return JsonMapper.shared().readTree(Files.readString(Path.of(file)));
            } catch (JacksonException e) {
                throw new CommandException(file + " is no JSON: " + e.getOriginalMessage());
            }
        }
        if (pod.isEmpty()) {
            throw new CommandException("of which pod? give POD, or -f FILE");
        }
        int dot = pod.lastIndexOf('.');
        String owner = dot < 0 ? namespace : pod.substring(dot + 1);
        try (KubernetesClient client = cluster.client()) {
            String path = part == Part.endpoints ? "/clusters?format=json" : "/config_dump";
            return new AdminPages(client).read(owner, dot < 0 ? pod : pod.substring(0, dot), ADMIN_PORT, path);
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
    }

    private JsonNode json(JsonNode page) {
        return switch (part) {
            case listeners -> ConfigTables.section(page, "ListenersConfigDump");
            case routes -> ConfigTables.section(page, "RoutesConfigDump");
            case clusters -> ConfigTables.section(page, "ClustersConfigDump");
            case secret -> ConfigTables.section(page, "SecretsConfigDump");
            case bootstrap -> ConfigTables.section(page, "BootstrapConfigDump");
            case endpoints -> page;
        };
    }

    private String table(JsonNode page) {
        return switch (part) {
            case listeners -> ConfigTables.listeners(page).toString();
            case routes -> ConfigTables.routes(page).toString();
            case clusters -> ConfigTables.clusters(page).toString();
            case endpoints -> ConfigTables.endpoints(page).toString();
            case secret -> SecretTable.of(page, Instant.now()).toString();
            case bootstrap -> json(page).toPrettyString() + "\n";
        };
    }
}
