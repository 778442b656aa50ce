package dev.lateen.mesh.gatewayapi;

import dev.lateen.mesh.rules.BoundRoute;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * One match of a rule with what follows from it, to be put in order with those of other routes (gateway.networking.k8s.io
 * HTTPRouteRule.matches: exact paths first, then by length, method, number of header fields and of query parameters, age,
 * name, and place in the route).
 *
 * @param kind of the path's match: 0 exact, 1 expression, 2 prefix
 * @param length of the path's match
 * @param routes that the match becomes
 */
record RouteUnit(
        int kind,
        int length,
        boolean method,
        int headers,
        int parameters,
        Instant created,
        String name,
        List<BoundRoute> routes) {
    static final Comparator<RouteUnit> ORDER = Comparator.comparingInt(RouteUnit::kind)
            .thenComparing(Comparator.comparingInt(RouteUnit::length).reversed())
            .thenComparing(unit -> !unit.method())
            .thenComparing(Comparator.comparingInt(RouteUnit::headers).reversed())
            .thenComparing(Comparator.comparingInt(RouteUnit::parameters).reversed())
            .thenComparing(RouteUnit::created)
            .thenComparing(RouteUnit::name);

    /** This for requests to one port only. */
    RouteUnit at(int port) {
        List<BoundRoute> narrowed = routes.stream()
                .map(route ->
                        new BoundRoute(route.rule().atPort(port), route.object(), route.path(), route.missingStatus()))
                .toList();
        return new RouteUnit(kind, length, method, headers, parameters, created, name, narrowed);
    }
}
