package dev.lateen.proxycore.route;

import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.limit.RateLimits;
import java.util.Map;

/**
 * Which route it was.
 *
 * @param table name of the route configuration
 * @param virtualHost name of the virtual host, empty when none takes the request
 * @param name name of the route ({@code %ROUTE_NAME%}), may be empty
 * @param origin the configuration object behind the route as Istio names it in xDS metadata, or empty
 * @param operation the name for spans of its requests, or empty
 * @param rateLimits what is said about its requests to rate limit services
 * @param overrides configuration of HTTP filters for its requests, by the filter's name
 */
public record RouteInfo(
        String table,
        String virtualHost,
        String name,
        String origin,
        String operation,
        RateLimits rateLimits,
        Map<String, FilterConfig> overrides) {
    public RouteInfo {
        overrides = Map.copyOf(overrides);
    }

    /** What a person edits to change it: the object behind it where that is known. */
    public String rule() {
        return origin.isEmpty() ? "route \"" + name + "\" of route configuration \"" + table + "\"" : origin;
    }

    /** The same with other overrides. */
    RouteInfo withOverrides(Map<String, FilterConfig> others) {
        return others.equals(overrides)
                ? this
                : new RouteInfo(table, virtualHost, name, origin, operation, rateLimits, others);
    }
}
