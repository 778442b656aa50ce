package dev.lateen.cli;

import dev.lateen.cluster.EnvoyProgram;
import dev.lateen.proxy.Agent;
import dev.lateen.proxy.EnvoyAgent;
import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.envoy.EnvoyOptions;
import dev.lateen.proxy.tls.IdentityOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code lateen proxy sidecar|router|agent}: one proxy on any xDS server, or what an Envoy needs beside it. */
@Command(
        name = "proxy",
        description = "Run one proxy; or, as agent, an Envoy as the sidecar (agent -- envoy [ARGUMENT...]);"
                + " or, as agent alone, keep the workload's certificate for an Envoy beside it.")
final class ProxyCommand implements Callable<Integer> {
    private static final Path POD_LABELS = Path.of("/etc/istio/pod/labels");
    private static final Path POD_ANNOTATIONS = Path.of("/etc/istio/pod/annotations");

    /** Words of the command line. */
    enum Role {
        sidecar,
        router,
        agent
    }

    @Parameters(index = "0", description = "sidecar, router or agent")
    Role role = Role.sidecar;

    @Parameters(
            index = "1..*",
            paramLabel = "PROGRAM",
            description = "after -- with agent: envoy, or the path of one, and further arguments of it")
    List<String> program = List.of();

    @Option(names = "--xds", description = "host and port of the xDS server; else discoveryAddress of $PROXY_CONFIG")
    String xds = "";

    @Option(names = "--service-node", description = "the node's id in Istio's form")
    String node = "";

    @Option(names = "--label", description = "a label of the workload, KEY=VALUE")
    Map<String, String> labels = new LinkedHashMap<>();

    @Option(names = "--namespace", description = "namespace of the workload")
    String namespace = "";

    @Option(
            names = "--sds-socket",
            description = "where the agent alone serves certificates (default: ${DEFAULT-VALUE})")
    Path socket = Agent.SOCKET;

    @Option(
            names = "--directory",
            description = "for Envoy's bootstrap and its agent's socket (default: ${DEFAULT-VALUE})")
    Path directory = Path.of("/etc/istio/proxy");

    private ObjectNode config = JsonNodeFactory.instance.objectNode();

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        Map<String, String> environment = new LinkedHashMap<>(System.getenv());
        environment.putIfAbsent("ISTIO_META_ISTIO_VERSION", VersionCommand.VERSION);
        if (!namespace.isEmpty()) {
            environment.put("POD_NAMESPACE", namespace);
        }
        config = PodConfig.of(
                environment.getOrDefault("PROXY_CONFIG", "{}"),
                Files.isReadable(POD_ANNOTATIONS) ? Files.readString(POD_ANNOTATIONS) : "");
        PodConfig.environment(config, environment);
        if (role != Role.agent && !program.isEmpty()) {
            throw new CommandException("only an agent runs a program: " + String.join(" ", program));
        }
        if (role == Role.agent) {
            return program.isEmpty() ? agent(environment) : envoy(environment);
        }
        // Java remembers names for 30 s, and that it found none for 10; a proxy asks as often as its clusters say.
        Security.setProperty("networkaddress.cache.ttl", "0");
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        ProxyOptions options = options(ProxyOptions.Role.valueOf(role.name().toUpperCase(Locale.ROOT)), environment);
        Proxy proxy = Proxy.start(options);
        Runtime.getRuntime().addShutdownHook(new Thread(proxy::terminate, "drain"));
        proxy.awaitTermination();
        return 0;
    }

    private ProxyOptions options(ProxyOptions.Role kind, Map<String, String> environment)
            throws IOException, CommandException {
        Map<String, String> all = new LinkedHashMap<>(podLabels());
        all.putAll(labels);
        ProxyOptions options = ProxyOptions.fromEnvironment(kind, controlPlane(), all, environment);
        if (!node.isEmpty()) {
            options = options.withNodeId(node);
        }
        JsonNode concurrency = config.path("concurrency");
        if (concurrency.isInt()) {
            // As Istio has it, 0 stands for every processor.
            options = options.withConcurrency(
                    concurrency.asInt() > 0
                            ? concurrency.asInt()
                            : Runtime.getRuntime().availableProcessors());
        }
        return options;
    }

    /** The exit code is Envoy's, also when this process is asked to end. */
    private int envoy(Map<String, String> environment) throws IOException, InterruptedException, CommandException {
        EnvoyOptions settings = new EnvoyOptions(
                program.getFirst().equals("envoy") ? EnvoyProgram.find(environment) : Path.of(program.getFirst()),
                program.subList(1, program.size()),
                directory,
                drain());
        EnvoyAgent agent = EnvoyAgent.start(options(ProxyOptions.Role.SIDECAR, environment), settings);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(agent.terminate()), "drain"));
        return agent.awaitExit();
    }

    private Duration drain() throws CommandException {
        String text = config.path("terminationDrainDuration").asString("5s");
        try {
            return Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
        } catch (DateTimeParseException e) {
            throw new CommandException("PROXY_CONFIG: terminationDrainDuration " + text + " is no duration such as 5s");
        }
    }

    private int agent(Map<String, String> environment) throws IOException, InterruptedException, CommandException {
        IdentityOptions identity = IdentityOptions.fromEnvironment(environment);
        if (identity == null) {
            throw new CommandException(
                    "which authority? give CA_ADDR in the environment, such as istiod.istio-system.svc:15012");
        }
        int mark = Integer.parseInt(environment.getOrDefault("LATEEN_SOCKET_MARK", "0"));
        try (Agent agent = Agent.start(identity, socket, mark)) {
            agent.awaitTermination();
        }
        return 0;
    }

    private String controlPlane() throws CommandException {
        if (!xds.isEmpty()) {
            return xds;
        }
        String address = config.path("discoveryAddress").asString("");
        if (!address.isEmpty()) {
            return address;
        }
        throw new CommandException("which control plane? give --xds HOST:PORT, or discoveryAddress in PROXY_CONFIG");
    }

    /** Labels as the downward API writes them, {@code key="value"} a line. */
    private static Map<String, String> podLabels() throws IOException {
        Map<String, String> labels = new LinkedHashMap<>();
        if (Files.isReadable(POD_LABELS)) {
            for (String line : Files.readAllLines(POD_LABELS)) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    String value = line.substring(equals + 1);
                    labels.put(line.substring(0, equals), value.substring(1, Math.max(1, value.length() - 1)));
                }
            }
        }
        return labels;
    }
}
