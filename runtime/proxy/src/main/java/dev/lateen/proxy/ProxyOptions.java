package dev.lateen.proxy;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.proxy.config.ConfigurationFile;
import dev.lateen.proxy.telemetry.Telemetry;
import dev.lateen.proxy.tls.IdentityOptions;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one proxy is told when it starts.
 *
 * @param role sidecar or router
 * @param controlPlane host and port of the xDS server
 * @param nodeId the node's id in Istio's form, {@code ROLE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN}
 * @param namespace the workload's namespace
 * @param labels the workload's labels
 * @param metadata further metadata of the node, in Istio's names
 * @param adminPort admin interface, on the loopback; 0 for a free one
 * @param statusPort readiness of the pod
 * @param agentPort health, the application's probes, merged metrics
 * @param metricsPort the proxy's own metrics
 * @param socketMark mark of the proxy's own sockets, 0 for none
 * @param probes what {@code /app-health/…} asks: the value of ISTIO_KUBE_APP_PROBERS
 * @param appMetrics where the application's metrics are: the value of ISTIO_PROMETHEUS_ANNOTATIONS, or empty
 * @param concurrency number of event loops
 * @param identity how the workload comes by its certificate; null: it has none
 * @param stateDirectory where the last configuration is kept for a start without the control plane; null: nowhere
 */
public record ProxyOptions(
        Role role,
        String controlPlane,
        String nodeId,
        String namespace,
        Map<String, String> labels,
        Map<String, String> metadata,
        int adminPort,
        int statusPort,
        int agentPort,
        int metricsPort,
        int socketMark,
        String probes,
        String appMetrics,
        int concurrency,
        @Nullable IdentityOptions identity,
        @Nullable Path stateDirectory) {
    /** Where injection mounts a volume that outlives the container. */
    private static final Path STATE = Path.of("/var/lib/istio/data");

    private static final int CAPTURED = 15001;

    private static final String PROXY_CONFIG = "PROXY_CONFIG";

    /**
     * The part of its ProxyConfig that a control plane has to know. Without it nothing is told: Istio takes what it is
     * told for the whole, and forgets the mesh's.
     */
    private static final String TOPOLOGY = "gatewayTopology";

    /** What a proxy stands in front of. */
    public enum Role {
        SIDECAR,
        ROUTER
    }

    public ProxyOptions {
        labels = Map.copyOf(labels);
        metadata = Map.copyOf(metadata);
    }

    /**
     * Options of a proxy in a pod, from the environment that injection gives it; {@code controlPlane} and labels may be
     * given otherwise.
     *
     * @throws IllegalArgumentException naming the variable that is wrong
     */
    public static ProxyOptions fromEnvironment(
            Role role, String controlPlane, Map<String, String> labels, Map<String, String> environment) {
        String namespace = environment.getOrDefault("POD_NAMESPACE", "default");
        String pod = environment.getOrDefault("POD_NAME", environment.getOrDefault("HOSTNAME", "proxy"));
        String address = environment.getOrDefault("INSTANCE_IP", "127.0.0.1");
        String id = role.name().toLowerCase(java.util.Locale.ROOT) + "~" + address + "~" + pod + "." + namespace + "~"
                + namespace + ".svc.cluster.local";
        Map<String, String> metadata = new LinkedHashMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith("ISTIO_META_")) {
                metadata.put(name.substring("ISTIO_META_".length()), value);
            }
        });
        String config = environment.getOrDefault(PROXY_CONFIG, "{}");
        if (json(config).containsFields(TOPOLOGY)) {
            metadata.put(PROXY_CONFIG, config);
        }
        metadata.put("INSTANCE_IPS", address);
        metadata.put("NAME", pod);
        metadata.put("SERVICE_ACCOUNT", environment.getOrDefault("SERVICE_ACCOUNT", "default"));
        metadata.put("TRUST_DOMAIN", environment.getOrDefault("TRUST_DOMAIN", "cluster.local"));
        int mark = Integer.parseInt(environment.getOrDefault("LATEEN_SOCKET_MARK", "0"));
        return new ProxyOptions(
                role,
                controlPlane,
                id,
                namespace,
                labels,
                metadata,
                15000,
                15021,
                15020,
                15090,
                mark,
                environment.getOrDefault("ISTIO_KUBE_APP_PROBERS", "{}"),
                environment.getOrDefault("ISTIO_PROMETHEUS_ANNOTATIONS", ""),
                1,
                IdentityOptions.fromEnvironment(environment),
                ConfigurationFile.fits(STATE) ? STATE : null);
    }

    /** Who the proxy is, as control planes are told. */
    public Node node() {
        Struct.Builder all = Struct.newBuilder();
        metadata.forEach((name, value) -> all.putFields(
                name,
                name.equals(PROXY_CONFIG)
                        ? Value.newBuilder().setStructValue(json(value)).build()
                        : text(value)));
        all.putFields("NAMESPACE", text(namespace));
        Struct.Builder named = Struct.newBuilder();
        labels.forEach((name, value) -> named.putFields(name, text(value)));
        all.putFields("LABELS", Value.newBuilder().setStructValue(named).build());
        return Node.newBuilder()
                .setId(nodeId)
                .setCluster(labels.getOrDefault("app", "istio-proxy") + "." + namespace)
                .setMetadata(all)
                .build();
    }

    private static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }

    private static Struct json(String config) {
        Struct.Builder fields = Struct.newBuilder();
        try {
            JsonFormat.parser().merge(config, fields);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(PROXY_CONFIG + " is no JSON object: " + e.getMessage(), e);
        }
        return fields.build();
    }

    /**
     * How many series of metrics it tells of at most (ISTIO_META_METRICS_SERIES), {@link Telemetry#SERIES} unless told.
     *
     * @throws IllegalArgumentException when that is no number
     */
    int series() {
        String told = metadata.getOrDefault("METRICS_SERIES", "");
        if (told.isEmpty()) {
            return Telemetry.SERIES;
        }
        if (!told.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException(
                    "ISTIO_META_METRICS_SERIES is \"" + told + "\", not a number of series such as 10000");
        }
        return Integer.parseInt(told);
    }

    /**
     * Whether only one layer of a chain of calls retries (ISTIO_META_RETRY_DEPTH_LIMIT).
     *
     * @throws IllegalArgumentException when that is neither true nor false
     */
    boolean limitsRetryDepth() {
        return isTrue("RETRY_DEPTH_LIMIT");
    }

    /** What the proxy calls itself to others: pod and namespace, joined by a dot, as in its node's id. */
    String name() {
        String[] parts = nodeId.split("~", -1);
        return parts.length == 4 ? parts[2] : nodeId;
    }

    /**
     * Whether everybody who asks hears who is to blame for a fault (ISTIO_META_EXPLAIN_FAULTS), and not the mesh's own
     * only.
     *
     * @throws IllegalArgumentException when that is neither true nor false
     */
    boolean explainsToAnybody() {
        return isTrue("EXPLAIN_FAULTS");
    }

    private boolean isTrue(String name) {
        String told = metadata.getOrDefault(name, "");
        return switch (told) {
            case "true" -> true;
            case "false", "" -> false;
            default ->
                throw new IllegalArgumentException(
                        "ISTIO_META_" + name + " is \"" + told + "\", neither true nor false");
        };
    }

    /**
     * Where the rules of the pod send connections of the app (ISTIO_META_INTERCEPTION_MODE, which injection sets); null
     * where there are none, as for a router, or a sidecar that somebody started by hand.
     */
    @Nullable
    InetSocketAddress captured() {
        boolean captures = role == Role.SIDECAR
                && !metadata.getOrDefault("INTERCEPTION_MODE", "NONE").equals("NONE");
        return captures ? new InetSocketAddress("0.0.0.0", CAPTURED) : null;
    }

    /** Whether the workload's DNS questions are answered here (ISTIO_META_DNS_CAPTURE). */
    boolean answersDns() {
        return metadata.getOrDefault("DNS_CAPTURE", "false").equals("true");
    }

    /** These options with another way to an identity. */
    public ProxyOptions withIdentity(IdentityOptions other) {
        return new ProxyOptions(
                role,
                controlPlane,
                nodeId,
                namespace,
                labels,
                metadata,
                adminPort,
                statusPort,
                agentPort,
                metricsPort,
                socketMark,
                probes,
                appMetrics,
                concurrency,
                other,
                stateDirectory);
    }

    /** These options with another node id. */
    public ProxyOptions withNodeId(String id) {
        return new ProxyOptions(
                role,
                controlPlane,
                id,
                namespace,
                labels,
                metadata,
                adminPort,
                statusPort,
                agentPort,
                metricsPort,
                socketMark,
                probes,
                appMetrics,
                concurrency,
                identity,
                stateDirectory);
    }

    /** These options with free ports for all of the proxy's own interfaces: several in one process. */
    public ProxyOptions withFreePorts() {
        return new ProxyOptions(
                role,
                controlPlane,
                nodeId,
                namespace,
                labels,
                metadata,
                0,
                0,
                0,
                0,
                socketMark,
                probes,
                appMetrics,
                concurrency,
                identity,
                stateDirectory);
    }

    /** These options with another place for the last configuration. */
    public ProxyOptions withStateDirectory(@Nullable Path directory) {
        return new ProxyOptions(
                role,
                controlPlane,
                nodeId,
                namespace,
                labels,
                metadata,
                adminPort,
                statusPort,
                agentPort,
                metricsPort,
                socketMark,
                probes,
                appMetrics,
                concurrency,
                identity,
                directory);
    }

    /** These options with so many event loops. */
    public ProxyOptions withConcurrency(int loops) {
        return new ProxyOptions(
                role,
                controlPlane,
                nodeId,
                namespace,
                labels,
                metadata,
                adminPort,
                statusPort,
                agentPort,
                metricsPort,
                socketMark,
                probes,
                appMetrics,
                loops,
                identity,
                stateDirectory);
    }
}
