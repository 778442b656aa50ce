package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.route.RouteTable;

/** Where a connection manager gets its routes. */
public sealed interface RouteSource {
    /** A route configuration by name, from ADS. Until it is there, requests get 404 with flag NR. */
    record Rds(String name) implements RouteSource {}

    /** Routes that came with the listener. */
    record Inline(RouteTable table) implements RouteSource {}
}
