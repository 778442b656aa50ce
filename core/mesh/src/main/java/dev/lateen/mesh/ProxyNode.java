package dev.lateen.mesh;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.config.GatewayTopology;
import dev.lateen.config.shape.ShapeReader;
import dev.lateen.mesh.registry.Locality;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A proxy, as its xDS node tells: id {@code TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN}, and Istio's metadata.
 *
 * @param id the whole node id
 * @param address of its workload
 * @param name of its pod
 * @param domain DNS domain of its namespace, such as {@code default.svc.cluster.local}
 * @param labels of its pod, in the order of their names
 * @param serviceAccount empty when not told
 * @param clusterId the cluster it is in, {@code Kubernetes} unless told
 * @param locality where it says it is
 * @param dns what it answers its workload's DNS questions with (metadata DNS_CAPTURE)
 * @param knowsIstio whether it has Istio's metrics: filter {@code istio.stats} among its extensions
 * @param topology what stands in front of it, as its own ProxyConfig says (metadata PROXY_CONFIG); null where the mesh's
 *     counts
 * @param metadata the words among its node's metadata, which EnvoyFilters choose proxies by
 */
public record ProxyNode(
        String id,
        Type type,
        String address,
        String name,
        String namespace,
        String domain,
        Map<String, String> labels,
        String serviceAccount,
        String clusterId,
        Locality locality,
        Dns dns,
        boolean knowsIstio,
        @Nullable GatewayTopology topology,
        Map<String, String> metadata) {
    private static final String STATS = "istio.stats";

    /** Of which families are the addresses that a proxy may make up; of neither when it answers no DNS questions. */
    public record Dns(boolean ipv4, boolean ipv6) {
        /** Questions go to the cluster's DNS. */
        public static final Dns ELSEWHERE = new Dns(false, false);

        public boolean isAnswered() {
            return ipv4 || ipv6;
        }
    }

    /** What a proxy is for. */
    public enum Type {
        SIDECAR,
        ROUTER
    }

    /** DNS domain of the cluster, such as {@code cluster.local}. */
    public String clusterDomain() {
        int svc = domain.indexOf(".svc.");
        return svc < 0 ? "cluster.local" : domain.substring(svc + ".svc.".length());
    }

    /**
     * Reads a node.
     *
     * @throws IllegalArgumentException with the reason when the id is not of this form, or its ProxyConfig is wrong
     */
    public static ProxyNode of(Node node) {
        String[] parts = node.getId().split("~", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException(
                    "node id \"" + node.getId() + "\" is not TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN");
        }
        Struct metadata = node.getMetadata();
        int dot = parts[2].lastIndexOf('.');
        String namespace = text(metadata, "NAMESPACE", dot < 0 ? "default" : parts[2].substring(dot + 1));
        return new ProxyNode(
                node.getId(),
                type(parts[0], node.getId()),
                parts[1],
                dot < 0 ? parts[2] : parts[2].substring(0, dot),
                namespace,
                parts[3].isEmpty() ? namespace + ".svc.cluster.local" : parts[3],
                labels(metadata),
                text(metadata, "SERVICE_ACCOUNT", ""),
                text(metadata, "CLUSTER_ID", "Kubernetes"),
                Locality.of(node),
                dns(metadata, parts[1]),
                node.getExtensionsList().stream()
                        .anyMatch(extension -> extension.getName().equals(STATS)),
                topology(metadata),
                words(metadata));
    }

    private static @Nullable GatewayTopology topology(Struct metadata) {
        Value told = metadata.getFieldsOrDefault("PROXY_CONFIG", Value.getDefaultInstance())
                .getStructValue()
                .getFieldsMap()
                .get("gatewayTopology");
        if (told == null) {
            return null;
        }
        List<String> problems = new ArrayList<>();
        try {
            GatewayTopology topology = new ShapeReader((_, path, message) -> problems.add(path + ": " + message))
                    .read(
                            JsonMapper.shared().readTree(JsonFormat.printer().print(told)),
                            GatewayTopology.class,
                            "gatewayTopology");
            if (topology != null) {
                return topology;
            }
        } catch (InvalidProtocolBufferException e) {
            problems.add("gatewayTopology: " + e.getMessage());
        }
        throw new IllegalArgumentException("PROXY_CONFIG of the node: " + String.join("; ", problems));
    }

    private static Dns dns(Struct metadata, String address) {
        if (!text(metadata, "DNS_CAPTURE", "false").equals("true")) {
            return Dns.ELSEWHERE;
        }
        String[] addresses = text(metadata, "INSTANCE_IPS", address).split(",");
        boolean ipv6 = Arrays.stream(addresses).anyMatch(each -> each.contains(":"));
        return new Dns(!ipv6 || Arrays.stream(addresses).anyMatch(each -> each.contains(".")), ipv6);
    }

    private static Type type(String name, String id) {
        return switch (name) {
            case "sidecar" -> Type.SIDECAR;
            case "router" -> Type.ROUTER;
            default ->
                throw new IllegalArgumentException(
                        "node id \"" + id + "\": proxies are sidecar or router, not \"" + name + "\"");
        };
    }

    private static String text(Struct metadata, String key, String otherwise) {
        String value =
                metadata.getFieldsOrDefault(key, Value.getDefaultInstance()).getStringValue();
        return value.isEmpty() ? otherwise : value;
    }

    private static Map<String, String> words(Struct metadata) {
        Map<String, String> words = new TreeMap<>();
        metadata.getFieldsMap().forEach((key, value) -> {
            if (value.hasStringValue()) {
                words.put(key, value.getStringValue());
            }
        });
        return java.util.Collections.unmodifiableMap(words);
    }

    private static Map<String, String> labels(Struct metadata) {
        Map<String, String> labels = new TreeMap<>();
        metadata.getFieldsOrDefault("LABELS", Value.getDefaultInstance())
                .getStructValue()
                .getFieldsMap()
                .forEach((name, value) -> labels.put(name, value.getStringValue()));
        return java.util.Collections.unmodifiableMap(labels);
    }
}
