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
            if (operation != Operation.REMOVE && patch.value() == null) {
                findings.error("patch.value", "is required for " + operation);
            }
            if (applyTo == ApplyTo.ROUTE_CONFIGURATION && !operation.isMerge()) {
                findings.error("patch.operation", "a ROUTE_CONFIGURATION can only be merged with MERGE");
            }
            if (operation == Operation.REPLACE && !applyTo.isFilter() && !REPLACED.contains(applyTo)) {
                findings.error("patch.operation", "REPLACE is for filters, VIRTUAL_HOST and HTTP_ROUTE");
            }
            if (operation == Operation.MERGE_AND_REPLACE_LIST && applyTo.isFilter()) {
                findings.error(
                        "patch.operation",
                        "MERGE_AND_REPLACE_LIST is not for filters: write REPLACE with the whole filter");
            }
            if (patch.filterClass() != FilterClass.UNSPECIFIED) {
                checkClass(findings);
            }
            if (applyTo.isFilter() && !isNamed() && (operation == Operation.REMOVE || operation == Operation.REPLACE)) {
                findings.warning("match", "names no filter, so " + operation + " does nothing: write " + name());
            }
            if (match != null) {
                checkMatch(match, findings);
            }
        }

        private void checkClass(Findings findings) {
            if (applyTo != ApplyTo.HTTP_FILTER && applyTo != ApplyTo.NETWORK_FILTER) {
                findings.error("patch.filterClass", "is for HTTP_FILTER and NETWORK_FILTER");
            } else if (patch.operation() != Operation.ADD) {
                findings.error("patch.filterClass", "is for ADD: " + patch.operation() + " says itself where");
            }
        }

        private void checkMatch(Match where, Findings findings) {
            if (where.thing() != null) {
                checkThing(where.thing(), findings);
            }
            boolean elsewhere = where.context() != Context.ANY && where.context() != Context.GATEWAY;
            if (elsewhere
                    && where.thing() instanceof Thing.OfRoutes(RouteConfigurationMatch routes)
                    && !(routes.portName() + routes.gateway()).isEmpty()) {
                findings.warning(
                        "match.routeConfiguration",
                        "portName and gateway have no effect for " + where.context()
                                + ": only route tables of gateways have them");
            }
        }

        /** Whether the match says which filter of a list it is, or which route of a virtual host. */
        public boolean isNamed() {
            Thing around = match == null ? null : match.thing();
            if (around instanceof Thing.OfRoutes(RouteConfigurationMatch routes)) {
                return routes.vhost() != null && routes.vhost().route() != null;
            }
            return around instanceof Thing.OfListener(ListenerMatch listener) && isNamed(listener);
        }

        private boolean isNamed(ListenerMatch listener) {
            FilterMatch filter = listener.filterChain() == null
                    ? null
                    : listener.filterChain().filter();
            return switch (applyTo) {
                case LISTENER_FILTER -> !listener.listenerFilter().isEmpty();
                case HTTP_FILTER -> filter != null && filter.subFilter() != null;
                default -> filter != null;
            };
        }

        private String name() {
            return switch (applyTo) {
                case LISTENER_FILTER -> "match.listener.listenerFilter";
                case HTTP_FILTER -> "match.listener.filterChain.filter.subFilter";
                default -> "match.listener.filterChain.filter";
            };
        }

        /** What is matched has to be of the kind that is changed, or be around it. */
        private void checkThing(Thing thing, Findings findings) {
            String field =
                    switch (thing) {
                        case Thing.OfListener _ -> "listener";
                        case Thing.OfRoutes _ -> "routeConfiguration";
                        case Thing.OfCluster _ -> "cluster";
                    };
            if (!field.equals(applyTo.around)) {
                findings.error("match." + field, "is never around a " + applyTo + ": write match." + applyTo.around);
            } else if (thing instanceof Thing.OfListener(ListenerMatch listener)) {
                checkListener(listener, findings);
            }
        }

        private void checkListener(ListenerMatch listener, Findings findings) {
            if (!listener.listenerFilter().isEmpty() && applyTo != ApplyTo.LISTENER_FILTER) {
                findings.warning("match.listener.listenerFilter", "has no effect for " + applyTo);
            }
            if (listener.filterChain() == null) {
                return;
            }
            if (applyTo == ApplyTo.LISTENER_FILTER) {
                findings.warning("match.listener.filterChain", "has no effect for " + applyTo);
            }
            FilterMatch filter = listener.filterChain().filter();
            if (filter != null) {
                checkFilter(filter, "match.listener.filterChain.filter", findings);
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

        private static final List<ApplyTo> REPLACED = List.of(ApplyTo.VIRTUAL_HOST, ApplyTo.HTTP_ROUTE);

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
        LISTENER_FILTER("listener");

        /** Field of {@link Thing} whose things this is part of. */
        private final String around;

        ApplyTo(String around) {
            this.around = around;
        }

        /** Whether it is a filter of connections or requests. */
        public boolean isFilter() {
            return this == NETWORK_FILTER || this == HTTP_FILTER || this == LISTENER_FILTER;
        }

        /** Whether the order of such things counts; among others INSERT_BEFORE and its kin are ADD. */
        public boolean isOrdered() {
            return isFilter() || this == HTTP_ROUTE;
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

    /**
     * Which proxies, by the metadata of their nodes.
     *
     * @param proxyVersion an expression that is found in ISTIO_VERSION, in RE2's syntax; empty for any
     * @param metadata words that stand there, each exactly
     */
    public record ProxyMatch(String proxyVersion, Map<String, String> metadata) implements Checked {
        @Override
        public void check(Findings findings) {
            StringMatch.Expressions.check(proxyVersion, "proxyVersion", findings);
        }
    }

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

            @Refused("has no meaning in Istio, where nothing reads it: write portNumber")
            String portName,

            @Nullable FilterChainMatch filterChain,
            String listenerFilter,
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

    /**
     * A route table by port or name, and what is inside.
     *
     * @param portName of a Gateway's server where TLS ends: tables of plain HTTP belong to all servers of their port
     * @param gateway NAMESPACE/NAME of the Gateway of such a server
     */
    public record RouteConfigurationMatch(
            @Range(min = 0, max = 65535) int portNumber,
            String portName,
            String gateway,
            @Nullable VirtualHostMatch vhost,
            String name)
            implements Checked {
        @Override
        public void check(Findings findings) {
            if (!gateway.isEmpty() && gateway.split("/", -1).length != 2) {
                findings.error("gateway", "is no NAMESPACE/NAME");
            }
        }
    }

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
            @Required Operation operation, @Nullable JsonNode value, FilterClass filterClass) {}

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
        MERGE_AND_REPLACE_LIST;

        /** Whether the thing stays, and the value is put over it. */
        public boolean isMerge() {
            return this == MERGE || this == MERGE_AND_REPLACE_LIST;
        }

        /** Whether the value goes beside another thing. */
        public boolean isInsertion() {
            return this == INSERT_BEFORE || this == INSERT_AFTER || this == INSERT_FIRST;
        }
    }

    /** Where a filter stands among those of the mesh: behind those of AUTHN or AUTHZ, before those of STATS. */
    public enum FilterClass {
        UNSPECIFIED,
        AUTHN,
        AUTHZ,
        STATS
    }
}
