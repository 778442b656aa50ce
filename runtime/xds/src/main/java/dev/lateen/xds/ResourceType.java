package dev.lateen.xds;

import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Type URLs of xDS resources, and the rules that depend on them: the order in which types are pushed and subscribed to
 * (make before break, "Eventual consistency considerations" of the xDS specification; the same order as Istio), and
 * which types may be asked for as a whole.
 */
public final class ResourceType {
    public static final String CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    public static final String ENDPOINT = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
    public static final String LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";
    public static final String ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
    public static final String SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
    public static final String EXTENSION = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
    /** Istio's table of host names for the proxy's DNS. */
    public static final String NAME_TABLE = "type.googleapis.com/istio.networking.nds.v1.NameTable";

    /** The name that stands for every resource of a type. */
    public static final String WILDCARD = "*";

    private static final List<String> ORDER = List.of(CLUSTER, ENDPOINT, LISTENER, ROUTE, SECRET, EXTENSION);
    private static final Set<String> NAMED_ONLY = Set.of(ENDPOINT, ROUTE, SECRET, EXTENSION);

    /** Clusters, endpoints, listeners, routes, secrets, then the rest by name. */
    public static final Comparator<String> PUSH_ORDER =
            Comparator.comparingInt(ResourceType::rank).thenComparing(Comparator.naturalOrder());

    private ResourceType() {}

    /** Whether a first request without names asks for everything of this type. */
    public static boolean emptyMeansAll(String type) {
        return !NAMED_ONLY.contains(type);
    }

    /** {@code Cluster} for a cluster's type URL, for people. */
    public static String shortName(String type) {
        return type.substring(type.lastIndexOf('.') + 1);
    }

    private static int rank(String type) {
        int rank = ORDER.indexOf(type);
        return rank < 0 ? ORDER.size() : rank;
    }
}
