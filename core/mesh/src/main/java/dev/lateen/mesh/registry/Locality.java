package dev.lateen.mesh.registry;

import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.Map;

/** A place, as Kubernetes' topology labels name it; parts that are not known are empty. */
public record Locality(String region, String zone, String subzone) implements Comparable<Locality> {
    public static final Locality UNKNOWN = new Locality("", "", "");

    /** A pod's label that overrides its node's place, with dots instead of slashes. */
    private static final String OVERRIDE = "istio-locality";

    /** {@code region/zone/subzone}, of which the latter parts may lack. */
    public static Locality parse(String text) {
        String[] parts = text.split("/", 3);
        return new Locality(parts[0], parts.length > 1 ? parts[1] : "", parts.length > 2 ? parts[2] : "");
    }

    /** Of a node of the cluster, by its labels. */
    public static Locality ofNode(Map<String, String> labels) {
        return new Locality(
                labels.getOrDefault("topology.kubernetes.io/region", ""),
                labels.getOrDefault("topology.kubernetes.io/zone", ""),
                labels.getOrDefault("topology.istio.io/subzone", ""));
    }

    /** Of a proxy, as its xDS node tells. */
    public static Locality of(Node node) {
        return new Locality(
                node.getLocality().getRegion(),
                node.getLocality().getZone(),
                node.getLocality().getSubZone());
    }

    static Locality ofPod(Map<String, String> labels, Locality node) {
        String override = labels.get(OVERRIDE);
        return override == null ? node : parse(override.replace('.', '/'));
    }

    /** Whether the place is in the pattern, where {@code *} stands for any part and all that follow. */
    public boolean isIn(String pattern) {
        String[] parts = pattern.split("/", 3);
        String[] own = {region, zone, subzone};
        for (int i = 0; i < parts.length; i++) {
            if (parts[i].equals("*")) {
                return true;
            }
            if (!parts[i].equals(own[i])) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int compareTo(Locality other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
        return region + "/" + zone + "/" + subzone;
    }
}
