package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.kubernetes.BackendReference;
import dev.lateen.config.kubernetes.GrpcRouteSpec;
import dev.lateen.config.kubernetes.HttpRouteSpec;
import dev.lateen.config.kubernetes.HttpRouteSpec.HeaderMatch;
import dev.lateen.config.kubernetes.HttpRouteSpec.PathMatch;
import dev.lateen.config.kubernetes.HttpRouteSpec.PathType;
import dev.lateen.config.kubernetes.HttpRouteSpec.TextType;
import dev.lateen.config.kubernetes.HttpRouteSpec.Timeouts;
import dev.lateen.config.kubernetes.RouteFilter;
import dev.lateen.config.networking.HttpDirectResponse;
import dev.lateen.config.networking.HttpMatch;
import dev.lateen.config.networking.HttpRedirect;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.HttpRoute.HttpRetry;
import dev.lateen.config.networking.HttpRoute.HttpRouteDestination;
import dev.lateen.config.networking.StringMatch;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.mesh.rules.BoundRoute;
import dev.lateen.mesh.rules.Rules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The rules of one HTTPRoute or GRPCRoute in the mesh's own terms. */
final class HttpRules {
    /** What the answers of rules without a place to go, or with one that cannot be honoured, are. */
    static final int BROKEN = 500;

    private static final int DEFAULT_ATTEMPTS = 2;

    /** After these no server can have answered (HTTPRouteRetry: connection errors should be retried). */
    private static final String CONNECTION_FAILURES = "connect-failure,refused-stream,unavailable,cancelled";

    private final ConfigObject<VirtualService> object;
    private final Backends backends;
    private final List<RouteUnit> units = new ArrayList<>();

    private HttpRules(ConfigObject<?> route, Backends backends) {
        this.object = shown(route);
        this.backends = backends;
    }

    /** A route as the one behind rules: its own kind, name and place. */
    static ConfigObject<VirtualService> shown(ConfigObject<?> route) {
        Kind<?> kind = route.kind();
        Kind<VirtualService> shown = new Kind<>(
                kind.group(),
                kind.versions(),
                kind.name(),
                kind.plural(),
                kind.shortNames(),
                VirtualService.class,
                kind.columns(),
                kind.description(),
                kind.scope());
        VirtualService nothing = new VirtualService(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
        return new ConfigObject<>(shown, route.apiVersion(), route.metadata(), nothing, route.origin());
    }

    static List<RouteUnit> ofHttp(ConfigObject<HttpRouteSpec> route, Backends backends) {
        HttpRules rules = new HttpRules(route, backends);
        List<HttpRouteSpec.Rule> all = route.spec().rules();
        for (int i = 0; i < all.size(); i++) {
            HttpRouteSpec.Rule rule = all.get(i);
            Action action =
                    rules.action(rule.name(), rule.filters(), rule.backendRefs(), rule.timeouts(), rule.retry());
            List<HttpRouteSpec.Match> matches = rule.matches().isEmpty()
                    ? List.of(new HttpRouteSpec.Match(null, List.of(), List.of(), null))
                    : rule.matches();
            for (HttpRouteSpec.Match match : matches) {
                rules.add(i, match, action);
            }
        }
        return rules.units;
    }

    static List<RouteUnit> ofGrpc(ConfigObject<GrpcRouteSpec> route, Backends backends) {
        HttpRules rules = new HttpRules(route, backends);
        List<GrpcRouteSpec.Rule> all = route.spec().rules();
        for (int i = 0; i < all.size(); i++) {
            GrpcRouteSpec.Rule rule = all.get(i);
            Action action = rules.action(rule.name(), rule.filters(), rule.backendRefs(), null, null);
            List<GrpcRouteSpec.Match> matches =
                    rule.matches().isEmpty() ? List.of(new GrpcRouteSpec.Match(null, List.of())) : rule.matches();
            for (GrpcRouteSpec.Match match : matches) {
                rules.add(i, new HttpRouteSpec.Match(path(match.method()), match.headers(), List.of(), null), action);
            }
        }
        return rules.units;
    }

    /** A call's path is {@code /SERVICE/METHOD}. */
    private static @Nullable PathMatch path(GrpcRouteSpec.@Nullable MethodMatch method) {
        if (method == null) {
            return null;
        }
        String service = method.service();
        String name = method.method();
        if (method.type() == TextType.RegularExpression) {
            return new PathMatch(
                    PathType.RegularExpression,
                    "/" + (service == null ? "[^/]+" : service) + "/" + (name == null ? "[^/]+" : name));
        }
        if (service == null) {
            return new PathMatch(PathType.RegularExpression, "/[^/]+/" + HttpFilters.quoted(String.valueOf(name)));
        }
        return name == null
                ? new PathMatch(PathType.PathPrefix, "/" + service)
                : new PathMatch(PathType.Exact, "/" + service + "/" + name);
    }

    /** What a rule does, but for what depends on how the path was matched. */
    private record Action(
            String name,
            HttpFilters filters,
            List<HttpRouteDestination> destinations,
            @Nullable Duration timeout,
            @Nullable HttpRetry retries) {}

    private Action action(
            @Nullable String name,
            List<RouteFilter> filters,
            List<BackendReference> references,
            @Nullable Timeouts timeouts,
            HttpRouteSpec.@Nullable Retry retry) {
        Duration request = timeouts == null ? null : timeouts.request();
        Duration backend = timeouts == null ? null : timeouts.backendRequest();
        return new Action(
                name == null ? "" : name,
                HttpFilters.of(filters, backends),
                backends.destinations(references),
                retry == null ? shorter(request, backend) : request,
                retry == null ? null : retries(retry, backend));
    }

    private static HttpRetry retries(HttpRouteSpec.Retry retry, @Nullable Duration eachTry) {
        String codes = retry.codes().stream().map(code -> "," + code).collect(Collectors.joining());
        return new HttpRetry(
                retry.attempts() == null ? DEFAULT_ATTEMPTS : retry.attempts(),
                eachTry == null || eachTry.isZero() ? null : eachTry,
                CONNECTION_FAILURES + codes,
                null,
                null,
                retry.backoff());
    }

    /** Without retries the one try may take as long as the request. */
    private static @Nullable Duration shorter(@Nullable Duration request, @Nullable Duration backend) {
        if (request == null || request.isZero() || backend == null || backend.isZero()) {
            return request == null || request.isZero() ? backend : request;
        }
        return request.compareTo(backend) < 0 ? request : backend;
    }

    private void add(int index, HttpRouteSpec.Match match, Action action) {
        PathMatch path = match.path();
        PathType type = path == null || path.type() == null ? PathType.PathPrefix : path.type();
        String value = path == null || path.value() == null ? "/" : path.value();
        String place = "spec.rules[" + index + "]";
        List<BoundRoute> routes = new ArrayList<>();
        int kind = 0;
        switch (type) {
            case Exact -> routes.add(route(match, List.of(new StringMatch.Exact(value)), action, null, false, place));
            case RegularExpression -> {
                kind = 1;
                routes.add(route(match, List.of(new StringMatch.Regex(value)), action, null, false, place));
            }
            case PathPrefix -> {
                kind = 2;
                String prefix = value.endsWith("/") ? value.substring(0, value.length() - 1) : value;
                StringMatch itself = new StringMatch.Exact(prefix);
                StringMatch below = new StringMatch.Prefix(prefix + "/");
                if (prefix.isEmpty()) {
                    routes.add(route(match, List.of(below), action, prefix, true, place));
                } else if (action.filters().splitsPrefix()) {
                    routes.add(route(match, List.of(itself), action, prefix, false, place));
                    routes.add(route(match, List.of(below), action, prefix, true, place));
                } else {
                    routes.add(route(match, List.of(itself, below), action, prefix, true, place));
                }
            }
        }
        units.add(new RouteUnit(
                kind,
                value.length(),
                match.method() != null,
                match.headers().size(),
                match.queryParams().size(),
                Rules.created(object),
                object.namespace() + "/" + object.name(),
                List.copyOf(routes)));
    }

    private BoundRoute route(
            HttpRouteSpec.Match match,
            List<StringMatch> paths,
            Action action,
            @Nullable String prefix,
            boolean below,
            String place) {
        List<HttpMatch> matches = paths.stream()
                .map(path -> new HttpMatch(
                        "",
                        path,
                        null,
                        match.method() == null ? null : new StringMatch.Exact(match.method()),
                        null,
                        texts(match.headers()),
                        0,
                        Map.of(),
                        List.of(),
                        texts(match.queryParams()),
                        false,
                        Map.of(),
                        "",
                        ""))
                .toList();
        boolean unknown = action.filters().unknown();
        HttpRedirect redirect = unknown ? null : action.filters().redirect(prefix, below);
        boolean broken = unknown || (redirect == null && action.destinations().isEmpty());
        HttpRoute rule = new HttpRoute(
                action.name(),
                matches,
                redirect == null && !broken ? action.destinations() : List.of(),
                redirect,
                broken ? new HttpDirectResponse(BROKEN, null) : null,
                null,
                redirect == null && !broken ? action.filters().rewrite(prefix, below) : null,
                action.timeout(),
                redirect == null && !broken ? action.retries() : null,
                null,
                null,
                action.filters().mirrors(),
                null,
                null,
                null,
                action.filters().cors(),
                action.filters().headers());
        return new BoundRoute(rule, object, place, BROKEN);
    }

    /** Of several conditions on one name the first counts. */
    private static Map<String, StringMatch> texts(List<HeaderMatch> conditions) {
        Map<String, StringMatch> texts = new LinkedHashMap<>();
        for (HeaderMatch condition : conditions) {
            texts.putIfAbsent(
                    condition.name(),
                    condition.type() == TextType.RegularExpression
                            ? new StringMatch.Regex(condition.value())
                            : new StringMatch.Exact(condition.value()));
        }
        return texts;
    }
}
