package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceFieldSelector;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Values that pods read about themselves ({@code fieldRef}, {@code resourceFieldRef}). */
final class Fields {
    private Fields() {}

    /** The value of a field path such as {@code metadata.labels['app']}. */
    static String of(Pod pod, String address, String hostAddress, String path) throws ConfigurationException {
        var meta = pod.getMetadata();
        if (path.endsWith("']") && path.startsWith("metadata.labels['")) {
            return orEmpty(meta.getLabels()).getOrDefault(path.substring(17, path.length() - 2), "");
        }
        if (path.endsWith("']") && path.startsWith("metadata.annotations['")) {
            return orEmpty(meta.getAnnotations()).getOrDefault(path.substring(22, path.length() - 2), "");
        }
        return switch (path) {
            case "metadata.name" -> meta.getName();
            case "metadata.namespace" -> meta.getNamespace();
            case "metadata.uid" -> meta.getUid();
            case "metadata.labels" -> lines(meta.getLabels());
            case "metadata.annotations" -> lines(meta.getAnnotations());
            case "spec.nodeName" -> text(pod.getSpec().getNodeName());
            case "spec.serviceAccountName" -> text(pod.getSpec().getServiceAccountName());
            case "status.podIP", "status.podIPs" -> address;
            case "status.hostIP", "status.hostIPs" -> hostAddress;
            default -> throw new ConfigurationException("fieldPath \"" + path + "\" is not supported");
        };
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }

    private static String lines(@Nullable Map<String, String> map) {
        return new TreeMap<>(orEmpty(map))
                .entrySet().stream()
                        .map(e -> e.getKey() + "=\""
                                + e.getValue()
                                        .replace("\\", "\\\\")
                                        .replace("\"", "\\\"")
                                        .replace("\n", "\\n") + "\"")
                        .collect(Collectors.joining("\n"));
    }

    /** The value of {@code limits.cpu} and its like in units of the divisor, rounded up; without a limit the node's. */
    static String resource(Container container, ResourceFieldSelector selector) {
        String[] parts = selector.getResource().split("\\.", 2);
        var resources = container.getResources();
        Map<String, Quantity> from = resources == null
                ? Map.of()
                : parts[0].equals("requests") ? resources.getRequests() : resources.getLimits();
        Quantity quantity = from == null ? null : from.get(parts[1]);
        if (quantity == null) {
            quantity = parts[1].equals("cpu")
                    ? new Quantity(Integer.toString(Runtime.getRuntime().availableProcessors()))
                    : parts[1].equals("memory") ? new Quantity("4Gi") : new Quantity("0");
        }
        BigDecimal divisor = selector.getDivisor() == null
                ? BigDecimal.ZERO
                : selector.getDivisor().getNumericalAmount();
        return quantity.getNumericalAmount()
                .divide(divisor.signum() == 0 ? BigDecimal.ONE : divisor, 0, RoundingMode.CEILING)
                .toPlainString();
    }
}
