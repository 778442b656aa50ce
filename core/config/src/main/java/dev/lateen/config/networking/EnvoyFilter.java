package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Inline;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Refused;
import dev.lateen.config.shape.Required;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Changes of what proxies are told, in Envoy's own messages (networking.istio.io EnvoyFilter).
 *
 * @param workloadSelector null for every proxy of the namespace, or of the whole mesh in the root namespace
 * @param priority lower ones are applied first
 */
public record EnvoyFilter(
        @Nullable WorkloadSelector workloadSelector,

        @Later("policies attached to gateways") List<JsonNode> targetRefs,

        @Required List<ConfigPatch> configPatches,
        int priority) {
    /** One change. */
    public record ConfigPatch(
            @Required ApplyTo applyTo,
            @Nullable Match match,
            @Required Patch patch) implements Checked {
        @Override
        public void check(Findings findings) {
            Operation operation = patch.operation();
            boolean removes = operation == Operation.REMOVE;
            if (!removes && patch.value() == null) {
                findings.error("patch.value", "is required for " + operation);
            }
            if (applyTo == ApplyTo.ROUTE_CONFIGURATION && operation != Operation.MERGE) {
                findings.error("patch.operation", "a ROUTE_CONFIGURATION can only be merged with MERGE");
            }
            boolean inserts = operation == Operation.INSERT_BEFORE
                    || operation == Operation.INSERT_AFTER
                    || operation == Operation.INSERT_FIRST
                    || operation == Operation.REPLACE;
            if (inserts && !applyTo.isOrdered()) {
                findings.error("patch.operation", operation + " is for NETWORK_FILTER, HTTP_FILTER and HTTP_ROUTE");
            }
            if (match != null && match.thing() != null) {
                checkMatch(match.thing(), findings);
            }
        }

        /** What is matched has to be of the kind that is changed, or be around it. */
        private void checkMatch(Thing thing, Findings findings) {
            String field =
                    switch (thing) {
                        case Thing.OfListener _ -> "listener";
                        case Thing.OfRoutes _ -> "routeConfiguration";
                        case Thing.OfCluster _ -> "cluster";
                    };
            if (!field.equals(applyTo.around)) {
                findings.error("match." + field, "is never around a " + applyTo + ": write match." + applyTo.around);
            } else if (thing instanceof Thing.OfListener(ListenerMatch listener) && listener.filterChain() != null) {
                FilterMatch filter = listener.filterChain().filter();
                if (filter != null) {
                    checkFilter(filter, "match.listener.filterChain.filter", findings);
                }
            }
        }

        private void checkFilter(FilterMatch filter, String path, Findings findings) {
            if (filter.name().isEmpty()) {
                findings.error(path + ".name", "is required");
                return;
            }
            if (applyTo == ApplyTo.LISTENER || applyTo == ApplyTo.FILTER_CHAIN) {
                findings.warning(path, "has no effect for " + applyTo);
            }
            if (filter.subFilter() == null) {
                return;
            }
            if (applyTo != ApplyTo.HTTP_FILTER) {
                findings.error(path + ".subFilter", "is for HTTP_FILTER alone");
            } else if (!CONNECTION_MANAGERS.contains(filter.name())) {
                findings.error(
                        path + ".name", "must be " + CONNECTION_MANAGERS.getFirst() + ", which has HTTP filters");
            } else if (filter.subFilter().name().isEmpty()) {
                findings.error(path + ".subFilter.name", "is required");
            }
        }

        private static final List<String> CONNECTION_MANAGERS =
                List.of("envoy.filters.network.http_connection_manager", "envoy.http_connection_manager");
    }

    /** What is changed. */
    public enum ApplyTo {
        LISTENER("listener"),
        FILTER_CHAIN("listener"),
        NETWORK_FILTER("listener"),
        HTTP_FILTER("listener"),
        ROUTE_CONFIGURATION("routeConfiguration"),
        VIRTUAL_HOST("routeConfiguration"),
        HTTP_ROUTE("routeConfiguration"),
        CLUSTER("cluster"),
        @Later("filters that come by name")
        EXTENSION_CONFIG(""),
        @Refused("is read by proxies before they ask anyone: use ProxyConfig's environment of the pod")
        BOOTSTRAP(""),
        @Later("changes of listener filters")
        LISTENER_FILTER("listener");

        /** Field of {@link Thing} whose things this is part of. */
        private final String around;

        ApplyTo(String around) {
            this.around = around;
        }

        /** Whether the order of such things counts, so that one can be put before another. */
        public boolean isOrdered() {
            return this == NETWORK_FILTER || this == HTTP_FILTER || this == HTTP_ROUTE;
        }
    }

    /** Whose traffic the changed thing carries. */
    public enum Context {
        ANY,
        SIDECAR_INBOUND,
        SIDECAR_OUTBOUND,
        GATEWAY,
        @Refused("is a kind of proxy that does not exist here")
        WAYPOINT
    }

    /** Where the change is made. */
    public record Match(
            Context context,
            @Nullable ProxyMatch proxy,
            @Inline @Nullable Thing thing) {}

    /** Which proxies, by what they say of themselves. */
    public record ProxyMatch(
            @Later("matches by the proxy's version") String proxyVersion,
            @Later("matches by the proxy's metadata") Map<String, String> metadata) {}

    /** The thing by its kind. */
    public sealed interface Thing {
        /** A listener. */
        record OfListener(@Required ListenerMatch listener) implements Thing {}

        /** A route table. */
        record OfRoutes(@Required RouteConfigurationMatch routeConfiguration) implements Thing {}

        /** A cluster. */
        record OfCluster(@Required ClusterMatch cluster) implements Thing {}
    }

    /** A listener by port or name, and what is inside. */
    public record ListenerMatch(
            @Range(min = 0, max = 65535) int portNumber,
            @Later("names of a gateway's ports") String portName,
            @Nullable FilterChainMatch filterChain,
            @Later("changes of listener filters") String listenerFilter,
            String name) {}

    /** A filter chain by what it takes. */
    public record FilterChainMatch(
            String name,
            String sni,
            String transportProtocol,
            String applicationProtocols,
            @Nullable FilterMatch filter,
            @Range(min = 0, max = 65535) int destinationPort) {}

    /** A network filter by name, and an HTTP filter inside. */
    public record FilterMatch(String name, @Nullable SubFilterMatch subFilter) {}

    /** An HTTP filter by name. */
    public record SubFilterMatch(String name) {}

    /** A route table by port or name, and what is inside. */
    public record RouteConfigurationMatch(
            @Range(min = 0, max = 65535) int portNumber,
            @Later("names of a gateway's ports") String portName,
            @Later("names of gateways in route tables") String gateway,
            @Nullable VirtualHostMatch vhost,
            String name) {}

    /** A virtual host by name, {@code host:port}, or by one of its domains. */
    public record VirtualHostMatch(
            String name, String domainName, @Nullable RouteMatch route) {}

    /** A route by name and by what it does. */
    public record RouteMatch(String name, Action action) {}

    /** What a route does. */
    public enum Action {
        ANY,
        ROUTE,
        REDIRECT,
        DIRECT_RESPONSE
    }

    /** A cluster by what its name is made of, or by its name. */
    public record ClusterMatch(
            @Range(min = 0, max = 65535) int portNumber, String service, String subset, String name) {}

    /** The change itself. */
    public record Patch(
            @Required Operation operation,
            @Nullable JsonNode value,
            @Later("classes of filters") FilterClass filterClass) {}

    /** How the value is brought in. */
    public enum Operation {
        @Refused("is no operation")
        INVALID,
        MERGE,
        ADD,
        REMOVE,
        INSERT_BEFORE,
        INSERT_AFTER,
        INSERT_FIRST,
        REPLACE,
        @Later("merging that replaces lists")
        MERGE_AND_REPLACE_LIST
    }

    /** Where a filter stands among those of the mesh. */
    public enum FilterClass {
        UNSPECIFIED,
        AUTHN,
        AUTHZ,
        STATS
    }
}
