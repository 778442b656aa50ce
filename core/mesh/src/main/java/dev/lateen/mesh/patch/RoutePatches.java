package dev.lateen.mesh.patch;

import dev.lateen.config.networking.EnvoyFilter.Action;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.Operation;
import dev.lateen.config.networking.EnvoyFilter.RouteConfigurationMatch;
import dev.lateen.config.networking.EnvoyFilter.RouteMatch;
import dev.lateen.config.networking.EnvoyFilter.VirtualHostMatch;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Changes of a route table: of itself, of its virtual hosts, of their routes. */
final class RoutePatches {
    private static final String PLAIN = "http.";
    private static final String ENDED = "https.";

    private final List<EnvoyPatch> patches;
    private final List<EnvoyPatch> additionsLast;
    private final Context context;
    private final Map<Integer, Set<Integer>> servers;

    /** @param servers ports that Gateways give their servers, by the ports that a gateway listens at */
    RoutePatches(List<EnvoyPatch> patches, Context context, Map<Integer, Set<Integer>> servers) {
        this.patches = patches;
        this.additionsLast =
                EnvoyPatch.last(patches, operation -> operation == Operation.ADD || operation.isInsertion());
        this.context = context;
        this.servers = servers;
    }

    RouteConfiguration apply(RouteConfiguration routes) {
        RouteConfiguration result = routes;
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.ROUTE_CONFIGURATION, context) && matches(patch, routes)) {
                result =
                        patch.merging().merged(result, patch.value(RouteConfiguration.class), RouteConfiguration.class);
            }
        }
        List<VirtualHost> hosts = result.getVirtualHostsList();
        for (EnvoyPatch patch : additionsLast) {
            if (patch.changes(ApplyTo.VIRTUAL_HOST, context) && matches(patch, routes)) {
                hosts = patch.change(hosts, VirtualHost.class, host -> matches(patch, host));
            }
        }
        List<VirtualHost> inside =
                hosts.stream().map(host -> host(routes, host)).toList();
        return result.toBuilder().clearVirtualHosts().addAllVirtualHosts(inside).build();
    }

    private VirtualHost host(RouteConfiguration table, VirtualHost host) {
        List<Route> routes = host.getRoutesList();
        for (EnvoyPatch patch : additionsLast) {
            boolean here = patch.changes(ApplyTo.HTTP_ROUTE, context) && matches(patch, table) && matches(patch, host);
            if (here) {
                routes = patch.change(routes, Route.class, route -> matches(patch, route));
            }
        }
        return host.toBuilder().clearRoutes().addAllRoutes(routes).build();
    }

    private boolean matches(EnvoyPatch patch, RouteConfiguration routes) {
        RouteConfigurationMatch match = patch.routes();
        return match == null
                || ((match.name().isEmpty() || match.name().equals(routes.getName()))
                        && (context == Context.GATEWAY
                                ? isOfServer(match, routes.getName())
                                : isAtPort(match.portNumber(), routes.getName())));
    }

    /** By the port that the name begins or ends with. */
    private static boolean isAtPort(int number, String table) {
        String port = Integer.toString(number);
        return number == 0
                || table.equals(port)
                || table.endsWith(":" + port)
                || table.startsWith("inbound|" + port + "|");
    }

    /** Of a gateway's tables: {@code http.PORT}, {@code https.PORT.SERVER.GATEWAY.NAMESPACE} where TLS ends, others without. */
    private boolean isOfServer(RouteConfigurationMatch match, String table) {
        String[] parts = table.startsWith(ENDED)
                ? table.substring(ENDED.length()).split("\\.", 3)
                : new String[] {table.startsWith(PLAIN) ? table.substring(PLAIN.length()) : ""};
        String server = parts.length == 3 ? parts[1] : "";
        String gateway = "";
        if (parts.length == 3) {
            // Names of Gateways may have dots, those of namespaces never do.
            int dot = parts[2].lastIndexOf('.');
            gateway = parts[2].substring(dot + 1) + "/" + parts[2].substring(0, Math.max(0, dot));
        }
        return (match.portName().isEmpty() || match.portName().equals(server))
                && (match.gateway().isEmpty() || match.gateway().equals(gateway))
                && (match.portNumber() == 0 || isServedAt(parts[0], match.portNumber()));
    }

    /** Rules speak of the ports of servers, names of tables of those that the gateway listens at. */
    private boolean isServedAt(String port, int number) {
        Set<Integer> numbers = port.matches("[0-9]{1,5}") ? servers.get(Integer.parseInt(port)) : null;
        return numbers == null ? port.equals(Integer.toString(number)) : numbers.contains(number);
    }

    private static @Nullable VirtualHostMatch host(EnvoyPatch patch) {
        RouteConfigurationMatch match = patch.routes();
        return match == null ? null : match.vhost();
    }

    private static boolean matches(EnvoyPatch patch, VirtualHost host) {
        VirtualHostMatch wanted = host(patch);
        return wanted == null
                || ((wanted.name().isEmpty() || wanted.name().equals(host.getName()))
                        && (wanted.domainName().isEmpty()
                                || host.getDomainsList().contains(wanted.domainName())));
    }

    private static boolean matches(EnvoyPatch patch, Route route) {
        VirtualHostMatch host = host(patch);
        RouteMatch wanted = host == null ? null : host.route();
        return wanted == null
                || ((wanted.name().isEmpty() || wanted.name().equals(route.getName()))
                        && (wanted.action() == Action.ANY
                                || wanted.action()
                                        .name()
                                        .equals(route.getActionCase().name())));
    }
}
