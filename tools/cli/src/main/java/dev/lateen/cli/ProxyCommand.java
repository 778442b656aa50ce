package dev.lateen.cli;

import dev.lateen.proxy.Agent;
import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.tls.IdentityOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code lateen proxy sidecar|router|agent}: one proxy on any xDS server, or the identity of an Envoy. */
@Command(
        name = "proxy",
        description = "Run one proxy; or, as agent, keep the workload's certificate for an Envoy beside it.")
final class ProxyCommand implements Callable<Integer> {
    private static final Path POD_LABELS = Path.of("/etc/istio/pod/labels");

    /** Words of the command line. */
    enum Role {
        sidecar,
        router,
        agent
    }

    @Parameters(index = "0", description = "sidecar, router or agent")
    Role role = Role.sidecar;

    @Option(names = "--xds", description = "host and port of the xDS server; else discoveryAddress of $PROXY_CONFIG")
    String xds = "";

    @Option(names = "--service-node", description = "the node's id in Istio's form")
    String node = "";

    @Option(names = "--label", description = "a label of the workload, KEY=VALUE")
    Map<String, String> labels = new LinkedHashMap<>();

    @Option(names = "--namespace", description = "namespace of the workload")
    String namespace = "";

    @Option(names = "--sds-socket", description = "where the agent serves certificates (default: ${DEFAULT-VALUE})")
    Path socket = Agent.SOCKET;

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        Map<String, String> environment = new LinkedHashMap<>(System.getenv());
        if (!namespace.isEmpty()) {
            environment.put("POD_NAMESPACE", namespace);
        }
        if (role == Role.agent) {
            return agent(environment);
        }
        Map<String, String> all = new LinkedHashMap<>(podLabels());
        all.putAll(labels);
        ProxyOptions options = ProxyOptions.fromEnvironment(
                ProxyOptions.Role.valueOf(role.name().toUpperCase(Locale.ROOT)), controlPlane(), all, environment);
        if (!node.isEmpty()) {
            options = options.withNodeId(node);
        }
        JsonNode concurrency = proxyConfig().path("concurrency");
        if (concurrency.isInt()) {
            // As Istio has it, 0 stands for every processor.
            options = options.withConcurrency(
                    concurrency.asInt() > 0
                            ? concurrency.asInt()
                            : Runtime.getRuntime().availableProcessors());
        }
        Proxy proxy = Proxy.start(options);
        Runtime.getRuntime().addShutdownHook(new Thread(proxy::terminate, "drain"));
        proxy.awaitTermination();
        return 0;
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
        String address = proxyConfig().path("discoveryAddress").asString("");
        if (!address.isEmpty()) {
            return address;
        }
        throw new CommandException("which control plane? give --xds HOST:PORT, or discoveryAddress in PROXY_CONFIG");
    }

    private static JsonNode proxyConfig() throws CommandException {
        try {
            return new JsonMapper().readTree(System.getenv().getOrDefault("PROXY_CONFIG", "{}"));
        } catch (JacksonException e) {
            throw new CommandException("PROXY_CONFIG is not JSON: " + e.getOriginalMessage());
        }
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
