package dev.lateen.proxycore.route;

import dev.lateen.proxycore.limit.RateLimits;
import java.util.Map;

/**
 * No route takes the request: 404 with flag NR (Envoy documentation, "HTTP routing", Route table).
 *
 * @param route the table, and the virtual host when one took the request's authority
 * @param reason why, half a sentence
 */
public record NoRoute(RouteInfo route, String reason) implements RouteAction {
    static NoRoute of(String table, String virtualHost, String reason) {
        return new NoRoute(new RouteInfo(table, virtualHost, "", "", "", RateLimits.NONE, Map.of()), reason);
    }

    @Override
    public HeaderMutations responseHeaders() {
        return HeaderMutations.NONE;
    }
}
