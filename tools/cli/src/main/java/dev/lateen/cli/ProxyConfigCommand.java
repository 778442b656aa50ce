package dev.lateen.cli;

import dev.lateen.analysis.ConfigDump;
import dev.lateen.analysis.ConfigTables;
import dev.lateen.analysis.SecretTable;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code lateen proxy-config}: what one proxy was told, ours or Envoy; parts and flags are those of istioctl. */
@Command(
        name = "proxy-config",
        aliases = "pc",
        description = "Show the configuration in force in one proxy.",
        subcommands = {
            ProxyConfigCommand.Bootstrap.class,
            ProxyConfigCommand.Clusters.class,
            ProxyConfigCommand.Endpoints.class,
            ProxyConfigCommand.Listeners.class,
            ProxyLogCommand.class,
            ProxyConfigCommand.Routes.class,
            ProxyConfigCommand.Secrets.class
        })
final class ProxyConfigCommand {
    private static final String DUMP = "/config_dump";

    /** One part. */
    abstract static class Part implements Callable<Integer> {
        @Mixin
        ProxyPage page = new ProxyPage();
    }

    @Command(name = "listeners", aliases = "listener", description = "Addresses at which connections are taken.")
    static final class Listeners extends Part {
        @Option(names = "--address", description = "only of this address")
        String address = "";

        @Option(names = "--port", description = "only of this port")
        int port;

        @Option(names = "--type", description = "only HTTP, TCP or HTTP+TCP")
        String type = "";

        @Override
        public Integer call() throws IOException, CommandException {
            List<JsonNode> found =
                    ConfigDump.listeners(page.json(DUMP), new ConfigDump.ListenerFilter(address, port, type));
            page.print(array(found), ConfigTables.listeners(found).toString());
            return 0;
        }
    }

    @Command(name = "routes", aliases = "route", description = "Route tables.")
    static final class Routes extends Part {
        @Option(names = "--name", description = "only the table of this name")
        String name = "";

        @Override
        public Integer call() throws IOException, CommandException {
            List<JsonNode> found = ConfigDump.routes(page.json(DUMP), name);
            page.print(array(found), ConfigTables.routes(found).toString());
            return 0;
        }
    }

    @Command(name = "clusters", aliases = "cluster", description = "Destinations.")
    static final class Clusters extends Part {
        @Option(names = "--fqdn", description = "only of this host")
        String host = "";

        @Option(names = "--port", description = "only of this port")
        int port;

        @Option(names = "--subset", description = "only of this subset")
        String subset = "";

        @Option(names = "--direction", description = "only inbound or outbound")
        String direction = "";

        @Override
        public Integer call() throws IOException, CommandException {
            List<JsonNode> found =
                    ConfigDump.clusters(page.json(DUMP), new ConfigDump.ClusterFilter(host, port, subset, direction));
            page.print(array(found), ConfigTables.clusters(found).toString());
            return 0;
        }
    }

    @Command(name = "endpoints", aliases = "endpoint", description = "Addresses of destinations, and their health.")
    static final class Endpoints extends Part {
        @Option(names = "--address", description = "only of this address")
        String address = "";

        @Option(names = "--port", description = "only of this port")
        int port;

        @Option(names = "--cluster", description = "only of the cluster of this name")
        String cluster = "";

        @Option(names = "--status", description = "only of this health, as healthy")
        String status = "";

        @Override
        public Integer call() throws IOException, CommandException {
            List<JsonNode> found = ConfigDump.endpoints(
                    page.json("/clusters?format=json"), new ConfigDump.EndpointFilter(address, port, cluster, status));
            page.print(array(found), ConfigTables.endpoints(found).toString());
            return 0;
        }
    }

    @Command(
            name = "secrets",
            aliases = {"secret"},
            description = "Certificates, and how long they are good.")
    static final class Secrets extends Part {
        @Override
        public Integer call() throws IOException, CommandException {
            JsonNode dump = page.json(DUMP);
            page.print(
                    ConfigDump.section(dump, "SecretsConfigDump"),
                    SecretTable.of(dump, Instant.now()).toString());
            return 0;
        }
    }

    @Command(name = "bootstrap", description = "With what the proxy was started.")
    static final class Bootstrap extends Part {
        @Override
        public Integer call() throws IOException, CommandException {
            JsonNode bootstrap = ConfigDump.section(page.json(DUMP), "BootstrapConfigDump");
            page.print(bootstrap, bootstrap.toPrettyString() + "\n");
            return 0;
        }
    }

    private static ArrayNode array(List<JsonNode> resources) {
        return JsonNodeFactory.instance.arrayNode().addAll(resources);
    }
}
