package dev.lateen.cli;

import dev.lateen.analysis.ConfigDump;
import dev.lateen.analysis.ConfigTables;
import dev.lateen.analysis.SecretTable;
import dev.lateen.ops.OperationException;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** {@code lateen proxy-config}: what one proxy was told, ours or Envoy; parts and flags are those of istioctl. */
@Command(
        name = "proxy-config",
        aliases = "pc",
        description = "Show the configuration in force in one proxy.",
        subcommands = ProxyLogCommand.class)
final class ProxyConfigCommand {
    @Command(name = "listeners", aliases = "listener", description = "Addresses at which connections are taken.")
    int listeners(
            @Mixin ProxyPage page,
            @Option(names = "--address", defaultValue = "", description = "only of this address") String address,
            @Option(names = "--port", defaultValue = "0", description = "only of this port") int port,
            @Option(names = "--type", defaultValue = "", description = "only HTTP, TCP or HTTP+TCP") String type)
            throws IOException, CommandException, OperationException {
        List<JsonNode> found = ConfigDump.listeners(page.dump(), new ConfigDump.ListenerFilter(address, port, type));
        return page.print(found, ConfigTables.listeners(found));
    }

    @Command(
            name = "protocols",
            aliases = "protocol",
            description = "What connections turned out to speak where no rule says it, by destination (our proxy).")
    int protocols(@Mixin ProxyPage page) throws IOException, CommandException, OperationException {
        JsonNode found = page.own("/protocols?format=json");
        return page.print(found.path("protocols"), ConfigTables.protocols(found).toString());
    }

    @Command(name = "routes", aliases = "route", description = "Route tables.")
    int routes(
            @Mixin ProxyPage page,
            @Option(names = "--name", defaultValue = "", description = "only the table of this name") String name)
            throws IOException, CommandException, OperationException {
        List<JsonNode> found = ConfigDump.routes(page.dump(), name);
        return page.print(found, ConfigTables.routes(found));
    }

    @Command(name = "clusters", aliases = "cluster", description = "Destinations.")
    int clusters(
            @Mixin ProxyPage page,
            @Option(names = "--fqdn", defaultValue = "", description = "only of this host") String host,
            @Option(names = "--port", defaultValue = "0", description = "only of this port") int port,
            @Option(names = "--subset", defaultValue = "", description = "only of this subset") String subset,
            @Option(names = "--direction", defaultValue = "", description = "only inbound or outbound")
                    String direction)
            throws IOException, CommandException, OperationException {
        List<JsonNode> found =
                ConfigDump.clusters(page.dump(), new ConfigDump.ClusterFilter(host, port, subset, direction));
        return page.print(found, ConfigTables.clusters(found));
    }

    @Command(name = "endpoints", aliases = "endpoint", description = "Addresses of destinations, and their health.")
    int endpoints(
            @Mixin ProxyPage page,
            @Option(names = "--address", defaultValue = "", description = "only of this address") String address,
            @Option(names = "--port", defaultValue = "0", description = "only of this port") int port,
            @Option(names = "--cluster", defaultValue = "", description = "only of the cluster of this name")
                    String cluster,
            @Option(names = "--status", defaultValue = "", description = "only of this health, as healthy")
                    String status)
            throws IOException, CommandException, OperationException {
        List<JsonNode> found = ConfigDump.endpoints(
                page.json("/clusters?format=json"), new ConfigDump.EndpointFilter(address, port, cluster, status));
        return page.print(found, ConfigTables.endpoints(found));
    }

    @Command(name = "secrets", aliases = "secret", description = "Certificates, and how long they are good.")
    int secrets(@Mixin ProxyPage page) throws IOException, CommandException, OperationException {
        JsonNode dump = page.dump();
        return page.print(
                ConfigDump.section(dump, "SecretsConfigDump"),
                SecretTable.of(dump, Instant.now()).toString());
    }

    @Command(
            name = "ignored",
            description = "Optional parts of the configuration that mean nothing to the proxy (our proxy).")
    int ignored(@Mixin ProxyPage page) throws IOException, CommandException, OperationException {
        JsonNode ignored = page.own("/ignored?format=json").path("ignored");
        StringBuilder text = new StringBuilder(ignored.isEmpty() ? "nothing is ignored\n" : "");
        for (JsonNode part : ignored) {
            text.append(part.stringValue()).append('\n');
        }
        return page.print(ignored, text.toString());
    }

    @Command(name = "bootstrap", description = "With what the proxy was started.")
    int bootstrap(@Mixin ProxyPage page) throws IOException, CommandException, OperationException {
        JsonNode bootstrap = ConfigDump.section(page.dump(), "BootstrapConfigDump");
        return page.print(bootstrap, bootstrap.toPrettyString() + "\n");
    }
}
