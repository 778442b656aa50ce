package dev.lateen.proxycore.route;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.ClaimMatcher;
import dev.lateen.proxycore.match.Fraction;
import dev.lateen.proxycore.match.HeaderMatcher;
import dev.lateen.proxycore.match.QueryMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * All conditions of one route, compiled from {@code envoy.config.route.v3.RouteMatch} (Envoy documentation, "HTTP
 * routing").
 */
final class RouteMatcher {
    final PathMatcher path;
    private final HeaderMatcher[] headers;
    private final QueryMatcher[] queries;
    private final List<ClaimMatcher> claims;
    private final Fraction share;
    private final boolean grpc;

    private RouteMatcher(
            PathMatcher path,
            HeaderMatcher[] headers,
            QueryMatcher[] queries,
            List<ClaimMatcher> claims,
            Fraction share,
            boolean grpc) {
        this.path = path;
        this.headers = headers;
        this.queries = queries;
        this.claims = claims;
        this.share = share;
        this.grpc = grpc;
    }

    static RouteMatcher of(RouteMatch match, Place at) throws CompileException {
        QueryMatcher[] queries = new QueryMatcher[match.getQueryParametersCount()];
        for (int i = 0; i < queries.length; i++) {
            queries[i] = QueryMatcher.of(match.getQueryParameters(i), at.item("query_parameters", i));
        }
        return new RouteMatcher(
                PathMatcher.of(match, at),
                HeaderMatcher.all(match.getHeadersList(), at, "headers"),
                queries,
                ClaimMatcher.all(match.getDynamicMetadataList(), at, "dynamic_metadata"),
                match.hasRuntimeFraction()
                        ? Fraction.of(match.getRuntimeFraction(), at.field("runtime_fraction"))
                        : Fraction.ALWAYS,
                match.hasGrpc());
    }

    /** @param verified claims of the request's token, as far as it is known by now */
    boolean matches(RequestHead head, Map<String, Object> verified, int pathEnd, RandomGenerator random) {
        if (!pathMatches(head, pathEnd)) {
            return false;
        }
        for (HeaderMatcher header : headers) {
            if (!header.matches(head)) {
                return false;
            }
        }
        for (QueryMatcher query : queries) {
            if (!query.matches(head.path())) {
                return false;
            }
        }
        for (int i = 0; i < claims.size(); i++) {
            if (!claims.get(i).matches(verified)) {
                return false;
            }
        }
        return (!grpc || isGrpc(head)) && share.takes(random);
    }

    /** A request without a path, which is CONNECT, belongs to routes for CONNECT alone. */
    private boolean pathMatches(RequestHead head, int pathEnd) {
        return (!head.path().isEmpty() || path.takesConnect()) && path.matches(head, pathEnd);
    }

    /** Why the request does not meet the conditions; to be asked after {@link #matches} said so. */
    String whyNot(RequestHead head, Map<String, Object> verified, int pathEnd) {
        if (!pathMatches(head, pathEnd)) {
            return "path \"" + head.path().substring(0, pathEnd) + "\" is not " + path;
        }
        for (HeaderMatcher header : headers) {
            if (!header.matches(head)) {
                return header.whyNot(head);
            }
        }
        for (QueryMatcher query : queries) {
            if (!query.matches(head.path())) {
                return query.whyNot(head.path());
            }
        }
        for (ClaimMatcher claim : claims) {
            if (!claim.matches(verified)) {
                return claim + " is wanted, seen is " + claim.seen(verified);
            }
        }
        return grpc && !isGrpc(head) ? "it is not a gRPC request" : "it is not in the share of " + share;
    }

    /** What made a request match, for people. */
    String why() {
        return "path is " + path
                + (headers.length == 0 ? "" : ", " + headers.length + " header condition(s) hold")
                + (queries.length == 0 ? "" : ", " + queries.length + " query condition(s) hold")
                + (claims.isEmpty() ? "" : ", " + claims.size() + " condition(s) on its token hold");
    }

    /** By content type, as Envoy: {@code application/grpc}, or that with {@code +} and more. */
    static boolean isGrpc(RequestHead head) {
        String type = head.fields().get(FieldName.CONTENT_TYPE);
        return type != null && type.startsWith("application/grpc") && (type.length() == 16 || type.charAt(16) == '+');
    }
}
