package dev.lateen.mesh.patch;

import dev.lateen.config.networking.EnvoyFilter.Action;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.RouteConfigurationMatch;
import dev.lateen.config.networking.EnvoyFilter.RouteMatch;
import dev.lateen.config.networking.EnvoyFilter.Thing;
import dev.lateen.config.networking.EnvoyFilter.VirtualHostMatch;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes of a route table: of itself, of its virtual hosts, of their routes. */
final class RoutePatches {
    private final List<EnvoyPatch> patches;
    private final Context context;

    RoutePatches(List<EnvoyPatch> patches, Context context) {
        this.patches = patches;
        this.context = context;
    }

    RouteConfiguration apply(RouteConfiguration routes) {
        RouteConfiguration result = routes;
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.ROUTE_CONFIGURATION, context) && matches(patch.thing(), routes)) {
                result = result.toBuilder()
                        .mergeFrom(patch.value(RouteConfiguration.class))
                        .build();
            }
        }
        List<VirtualHost> hosts = result.getVirtualHostsList();
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.VIRTUAL_HOST, context) && matches(patch.thing(), routes)) {
                hosts = patch.change(hosts, VirtualHost.class, host -> matches(patch.thing(), host));
            }
        }
        List<VirtualHost> inside =
                hosts.stream().map(host -> host(routes, host)).toList();
        return result.toBuilder().clearVirtualHosts().addAllVirtualHosts(inside).build();
    }

    private VirtualHost host(RouteConfiguration table, VirtualHost host) {
        List<Route> routes = host.getRoutesList();
        for (EnvoyPatch patch : patches) {
            boolean here = patch.changes(ApplyTo.HTTP_ROUTE, context)
                    && matches(patch.thing(), table)
                    && matches(patch.thing(), host);
            if (here) {
                routes = patch.change(routes, Route.class, route -> matches(patch.thing(), route));
            }
        }
        return host.toBuilder().clearRoutes().addAllRoutes(routes).build();
    }

    /** By name, or by the port that the name begins or ends with. */
    private static boolean matches(@Nullable Thing thing, RouteConfiguration routes) {
        if (!(thing instanceof Thing.OfRoutes(RouteConfigurationMatch match))) {
            return thing == null;
        }
        String port = Integer.toString(match.portNumber());
        boolean atPort = match.portNumber() == 0
                || routes.getName().equals(port)
                || routes.getName().endsWith(":" + port)
                || routes.getName().equals("http." + port)
                || routes.getName().startsWith("inbound|" + port + "|");
        return atPort && (match.name().isEmpty() || match.name().equals(routes.getName()));
    }

    private static @Nullable VirtualHostMatch host(@Nullable Thing thing) {
        return thing instanceof Thing.OfRoutes(RouteConfigurationMatch match) ? match.vhost() : null;
    }

    private static boolean matches(@Nullable Thing thing, VirtualHost host) {
        VirtualHostMatch wanted = host(thing);
        return wanted == null
                || ((wanted.name().isEmpty() || wanted.name().equals(host.getName()))
                        && (wanted.domainName().isEmpty()
                                || host.getDomainsList().contains(wanted.domainName())));
    }

    private static boolean matches(@Nullable Thing thing, Route route) {
        VirtualHostMatch host = host(thing);
        RouteMatch wanted = host == null ? null : host.route();
        return wanted == null
                || ((wanted.name().isEmpty() || wanted.name().equals(route.getName()))
                        && (wanted.action() == Action.ANY
                                || wanted.action()
                                        .name()
                                        .equals(route.getActionCase().name())));
    }
}
