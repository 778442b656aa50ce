package dev.lateen.mesh;

import com.google.protobuf.Message;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * All that one proxy gets: by type URL, then by name, in a stable order. Unchanged resources of successive snapshots
 * are the same instances.
 *
 * @param byType not to be changed by whoever made it
 * @param secrets names of the keys and certificates that the proxy is to get beside these, out of Secrets of the
 *     cluster ({@link dev.lateen.mesh.translate.Secrets}), which are no part of a snapshot
 */
public record ProxyResources(Map<String, Map<String, Message>> byType, Set<String> secrets) {
    /** Type URL of {@code envoy.config.cluster.v3.Cluster}. */
    public static final String CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

    /** Type URL of {@code envoy.config.endpoint.v3.ClusterLoadAssignment}. */
    public static final String ENDPOINT = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

    /** Type URL of {@code envoy.config.listener.v3.Listener}. */
    public static final String LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";

    /** Type URL of {@code envoy.config.route.v3.RouteConfiguration}. */
    public static final String ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

    /** Type URL of {@code istio.networking.nds.v1.NameTable}: host names for the proxy's DNS server. */
    public static final String NAME_TABLE = "type.googleapis.com/istio.networking.nds.v1.NameTable";

    public ProxyResources {
        Map<String, Map<String, Message>> copy = new LinkedHashMap<>();
        byType.forEach((type, resources) -> copy.put(type, Collections.unmodifiableMap(resources)));
        byType = Collections.unmodifiableMap(copy);
    }

    /** The resources of one type by name; empty for types that the mesh does not make. */
    public Map<String, Message> of(String typeUrl) {
        return byType.getOrDefault(typeUrl, Map.of());
    }
}
