package dev.lateen.proxycore.route;

import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The routes of some hosts ({@code envoy.config.route.v3.VirtualHost}).
 *
 * @param httpsRedirect what plain requests get when the virtual host asks for TLS, or null
 * @param internalMayBePlain whether that holds only for requests from outside
 */
record VirtualHost(
        String name,
        String origin,
        List<String> domains,
        List<Route> routes,
        @Nullable Redirect httpsRedirect,
        boolean internalMayBePlain,
        NoRoute noRoute) {

    RouteAction decide(RequestHead head, Map<String, Object> claims, RandomGenerator random, Trace trace) {
        if (httpsRedirect != null && !head.scheme().equals("https") && !mayBePlain(head)) {
            if (trace.on()) {
                trace.note(Verdict.CHOSEN, "redirect to https", "virtual host \"" + name + "\" requires TLS", origin);
            }
            return httpsRedirect;
        }
        int pathEnd = PathMatcher.pathEnd(head.path());
        for (int i = 0; i < routes.size(); i++) {
            Route route = routes.get(i);
            if (route.matcher().matches(head, claims, pathEnd, random)) {
                return route.decide(i, head, random, trace);
            }
            if (trace.on()) {
                trace.note(
                        Verdict.SKIPPED,
                        route.describe(i),
                        route.matcher().whyNot(head, claims, pathEnd),
                        route.info().origin());
            }
        }
        if (trace.on()) {
            trace.note(Verdict.CHOSEN, "404", "no route of virtual host \"" + name + "\" matches", origin);
        }
        return noRoute;
    }

    private boolean mayBePlain(RequestHead head) {
        return internalMayBePlain && "true".equals(head.fields().get(FieldName.X_ENVOY_INTERNAL));
    }

    /** Which of its domains took the host, for people. */
    String why(String host) {
        String wildcard = "*";
        for (String domain : domains) {
            if (domain.equalsIgnoreCase(host)) {
                return "\"" + host + "\" is one of its domains";
            }
            boolean matches = (domain.startsWith("*") && host.endsWith(domain.substring(1)))
                    || (domain.endsWith("*") && host.startsWith(domain.substring(0, domain.length() - 1)));
            wildcard = matches ? domain : wildcard;
        }
        return "\"" + host + "\" matches its domain \"" + wildcard + "\"";
    }

    List<String> clusters() {
        return routes.stream().flatMap(route -> route.clusters().stream()).toList();
    }
}
