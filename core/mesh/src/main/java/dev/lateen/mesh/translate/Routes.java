package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.ZERO;
import static dev.lateen.mesh.translate.Messages.duration;
import static dev.lateen.mesh.translate.Messages.number;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.HttpDirectResponse;
import dev.lateen.config.networking.HttpMatch;
import dev.lateen.config.networking.HttpRedirect;
import dev.lateen.config.networking.HttpRewrite;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.HttpRoute.HttpMirror;
import dev.lateen.config.networking.HttpRoute.HttpRetry;
import dev.lateen.config.networking.HttpRoute.HttpRouteDestination;
import dev.lateen.config.networking.LoadBalancer.ConsistentHash;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.mesh.rules.BoundRoute;
import dev.lateen.mesh.rules.BoundVirtualService;
import dev.lateen.mesh.translate.Destinations.Target;
import dev.lateen.mesh.translate.DynamicDns.Wildcard;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.Decorator;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction.RedirectResponseCode;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode;
import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster.ClusterWeight;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Routes out of VirtualServices, for one port of a sidecar or gateway. */
final class Routes {
    private final Scope scope;
    private final Destinations destinations;
    private final Set<String> gateways;
    private final int port;

    /**
     * @param gateways {@code mesh}, or the gateways as {@code namespace/name}, that rules must name
     * @param port as callers use it
     */
    Routes(Scope scope, Set<String> gateways, int port) {
        this.scope = scope;
        this.destinations = new Destinations(scope);
        this.gateways = gateways;
        this.port = port;
    }

    /** Routes of a VirtualService in order; those that another one hides completely are left out. */
    List<Route> of(BoundVirtualService bound) {
        List<Route> routes = new ArrayList<>();
        for (BoundRoute each : bound.http()) {
            HttpRoute rule = each.rule();
            if (rule.match().isEmpty()) {
                routes.add(route(each, rule.name(), RouteMatches.all(), ""));
                return routes;
            }
            for (HttpMatch match : rule.match()) {
                if (!holds(match, bound)) {
                    continue;
                }
                String name = match.name().isEmpty() ? rule.name() : rule.name() + "." + match.name();
                RouteMatch out = RouteMatches.of(match);
                routes.add(route(each, name, out, match.statPrefix()));
                if (RouteMatches.takesAll(out)) {
                    return routes;
                }
            }
        }
        return routes;
    }

    /** The part of a match that is the same for all requests of this proxy and port. */
    private boolean holds(HttpMatch match, BoundVirtualService bound) {
        if (match.port() != 0 && match.port() != port) {
            return false;
        }
        if (!match.gateways().isEmpty()) {
            return match.gateways().stream().anyMatch(g -> gateways.contains(bound.gateway(g)));
        }
        return scope.labels().entrySet().containsAll(match.sourceLabels().entrySet())
                && (match.sourceNamespace().isEmpty() || match.sourceNamespace().equals(scope.namespace()));
    }

    private Route route(BoundRoute each, String name, RouteMatch match, String statPrefix) {
        HttpRoute rule = each.rule();
        ConfigObject<VirtualService> object = each.object();
        String path = each.path();
        HeaderChanges headers = HeaderChanges.of(rule.headers());
        Route.Builder out = Route.newBuilder()
                .setName(name)
                .setMatch(match)
                .setMetadata(Messages.origin(object, path))
                .setStatPrefix(statPrefix)
                .addAllRequestHeadersToAdd(headers.requestAdd())
                .addAllRequestHeadersToRemove(headers.requestRemove())
                .addAllResponseHeadersToAdd(headers.responseAdd())
                .addAllResponseHeadersToRemove(headers.responseRemove());
        if (rule.redirect() != null) {
            out.setRedirect(redirect(rule.redirect()));
        } else if (rule.directResponse() != null) {
            out.setDirectResponse(directResponse(rule.directResponse()));
        } else {
            forward(out, each, headers.authority());
        }
        if (rule.fault() != null) {
            out.putTypedPerFilterConfig(RouteFilters.FAULT, Messages.any(RouteFilters.fault(rule.fault())));
        }
        if (rule.corsPolicy() != null) {
            out.putTypedPerFilterConfig(RouteFilters.CORS, Messages.any(RouteFilters.cors(rule.corsPolicy())));
        }
        String operation = out.hasRoute() && out.getRoute().hasCluster()
                ? operation(out.getRoute().getCluster())
                : object.name() + ":" + port;
        return out.setDecorator(Decorator.newBuilder().setOperation(operation + pattern(match)))
                .build();
    }

    /** {@code host:port} of a cluster's name. */
    private static String operation(String cluster) {
        String[] parts = cluster.split("\\|", -1);
        return parts[3] + ":" + parts[1];
    }

    private static String pattern(RouteMatch match) {
        return switch (match.getPathSpecifierCase()) {
            case PREFIX -> match.getPrefix() + "*";
            case PATH -> match.getPath();
            case SAFE_REGEX -> match.getSafeRegex().getRegex();
            default -> "/*";
        };
    }

    private RedirectAction redirect(HttpRedirect redirect) {
        RedirectAction.Builder out = RedirectAction.newBuilder().setHostRedirect(redirect.authority());
        if (redirect.prefixRewrite().isEmpty()) {
            out.setPathRedirect(redirect.uri());
        } else {
            out.setPrefixRewrite(redirect.prefixRewrite());
        }
        if (!redirect.scheme().isEmpty()) {
            out.setSchemeRedirect(redirect.scheme());
        }
        int number =
                switch (redirect.port()) {
                    case null -> 0;
                    case HttpRedirect.Port.Given(var given) -> given;
                    case HttpRedirect.Port.Derived(var rule) ->
                        rule == HttpRedirect.Selection.FROM_REQUEST_PORT ? port : 0;
                };
        boolean usual = (number == 80 && !redirect.scheme().equals("https"))
                || (number == 443 && redirect.scheme().equals("https"));
        return out.setPortRedirect(usual ? 0 : number)
                .setResponseCode(
                        switch (redirect.redirectCode()) {
                            case 302 -> RedirectResponseCode.FOUND;
                            case 303 -> RedirectResponseCode.SEE_OTHER;
                            case 307 -> RedirectResponseCode.TEMPORARY_REDIRECT;
                            case 308 -> RedirectResponseCode.PERMANENT_REDIRECT;
                            default -> RedirectResponseCode.MOVED_PERMANENTLY;
                        })
                .build();
    }

    private static DirectResponseAction directResponse(HttpDirectResponse response) {
        DirectResponseAction.Builder out = DirectResponseAction.newBuilder().setStatus(response.status());
        switch (response.body()) {
            case null -> {}
            case HttpDirectResponse.Body.Text(var text) ->
                out.setBody(DataSource.newBuilder().setInlineString(text));
            case HttpDirectResponse.Body.Bytes(var base64) ->
                out.setBody(DataSource.newBuilder()
                        .setInlineBytes(ByteString.copyFrom(Base64.getDecoder().decode(base64))));
        }
        return out.build();
    }

    private void forward(Route.Builder out, BoundRoute each, String authority) {
        HttpRoute rule = each.rule();
        ConfigObject<VirtualService> object = each.object();
        List<HttpRouteDestination> used = rule.route().size() == 1
                ? rule.route()
                : rule.route().stream().filter(d -> d.weight() > 0).toList();
        List<Target> targets = used.stream()
                .map(d -> destinations.find(d.destination(), object.namespace(), port))
                .toList();
        if (targets.stream().noneMatch(Target::exists)) {
            out.setDirectResponse(missing(targets.getFirst(), each));
            return;
        }
        Target named = targets.stream()
                .filter(target -> target.wildcard() != null)
                .findFirst()
                .orElse(null);
        if (named != null && targets.size() > 1) {
            String reason = named.host() + " is looked up for each request, and cannot share them with others";
            out.setDirectResponse(missing(Target.missing(named.cluster(), named.host(), reason), each));
            return;
        }
        if (named != null && named.wildcard() != null) {
            out.getMatchBuilder().addHeaders(named.wildcard().authority());
        }
        RouteAction.Builder action = RouteAction.newBuilder();
        if (each.missingStatus() == 500) {
            action.setClusterNotFoundResponseCode(ClusterNotFoundResponseCode.INTERNAL_SERVER_ERROR);
        }
        timeout(action, rule.timeout());
        String host = rewrite(action, rule.rewrite(), authority);
        mirrors(action, rule, object);
        boolean hashed = false;
        for (Target target : targets) {
            ConsistentHash hash = target.policies().hash();
            if (hash != null) {
                action.addHashPolicy(HashPolicies.of(hash));
                hashed = true;
            }
        }
        HttpRetry retry = rule.retries() == null ? scope.mesh().defaultHttpRetryPolicy() : rule.retries();
        RetryPolicy policy = Retries.of(retry, hashed && targets.size() == 1);
        if (policy != null) {
            action.setRetryPolicy(policy);
        }
        if (targets.size() == 1) {
            HeaderChanges own = HeaderChanges.of(used.getFirst().headers());
            out.addAllRequestHeadersToAdd(own.requestAdd())
                    .addAllRequestHeadersToRemove(own.requestRemove())
                    .addAllResponseHeadersToAdd(own.responseAdd())
                    .addAllResponseHeadersToRemove(own.responseRemove());
            host = host.isEmpty() ? own.authority() : host;
            action.setCluster(targets.getFirst().cluster());
        } else {
            action.setWeightedClusters(weighted(used, targets));
        }
        if (!host.isEmpty()) {
            action.setHostRewriteLiteral(host);
        }
        out.setRoute(action);
    }

    private static WeightedCluster weighted(List<HttpRouteDestination> used, List<Target> targets) {
        WeightedCluster.Builder clusters = WeightedCluster.newBuilder();
        for (int i = 0; i < used.size(); i++) {
            HeaderChanges headers = HeaderChanges.of(used.get(i).headers());
            ClusterWeight.Builder cluster = ClusterWeight.newBuilder()
                    .setName(targets.get(i).cluster())
                    .setWeight(number(used.get(i).weight()))
                    .addAllRequestHeadersToAdd(headers.requestAdd())
                    .addAllRequestHeadersToRemove(headers.requestRemove())
                    .addAllResponseHeadersToAdd(headers.responseAdd())
                    .addAllResponseHeadersToRemove(headers.responseRemove());
            if (!headers.authority().isEmpty()) {
                cluster.setHostRewriteLiteral(headers.authority());
            }
            clusters.addClusters(cluster);
        }
        return clusters.build();
    }

    /** Says an error and why, so that a misspelt host is found by its first caller. */
    private static DirectResponseAction missing(Target target, BoundRoute each) {
        String body = target.missing() + ", which " + each.object().objectName() + " (" + each.path() + ") routes to\n";
        return DirectResponseAction.newBuilder()
                .setStatus(each.missingStatus())
                .setBody(DataSource.newBuilder().setInlineString(body))
                .build();
    }

    /**
     * Of the whole request; without one a proxy waits for ever, as Istio has it, not Envoy's 15 seconds. A caller's
     * {@code grpc-timeout} is kept up to the same limit: by the older field, since beside the newer one Envoy keeps no
     * limit of requests that are not gRPC.
     */
    @SuppressWarnings("deprecation")
    static void timeout(RouteAction.Builder action, java.time.@Nullable Duration timeout) {
        Duration most = timeout == null ? ZERO : duration(timeout);
        action.setTimeout(most).setMaxGrpcTimeout(most);
    }

    private static String rewrite(RouteAction.Builder action, @Nullable HttpRewrite rewrite, String authority) {
        if (rewrite == null) {
            return authority;
        }
        if (rewrite.uriRegexRewrite() != null) {
            action.setRegexRewrite(RegexMatchAndSubstitute.newBuilder()
                    .setPattern(RouteMatches.regex(rewrite.uriRegexRewrite().match()))
                    .setSubstitution(rewrite.uriRegexRewrite().rewrite()));
        } else if (!rewrite.uri().isEmpty()) {
            action.setPrefixRewrite(rewrite.uri());
        }
        return rewrite.authority().isEmpty() ? authority : rewrite.authority();
    }

    private void mirrors(RouteAction.Builder action, HttpRoute rule, ConfigObject<VirtualService> object) {
        for (HttpMirror mirror : rule.allMirrors()) {
            if (mirror.percentage() != null && mirror.percentage().value() == 0) {
                continue;
            }
            Target target = destinations.find(mirror.destination(), object.namespace(), port);
            RuntimeFractionalPercent share = RuntimeFractionalPercent.newBuilder()
                    .setDefaultValue(
                            mirror.percentage() == null ? RouteFilters.all() : RouteFilters.of(mirror.percentage()))
                    .build();
            action.addRequestMirrorPolicies(RequestMirrorPolicy.newBuilder()
                    .setCluster(target.cluster())
                    .setRuntimeFraction(share)
                    .setTraceSampled(Messages.FALSE)
                    .setDisableShadowHostSuffixAppend(true));
        }
    }

    /** The route of a service that no rule speaks of. */
    static Route plain(
            String name,
            String cluster,
            String operation,
            Scope scope,
            @Nullable ConsistentHash hash,
            @Nullable Wildcard wildcard) {
        RouteAction.Builder action = RouteAction.newBuilder().setCluster(cluster);
        timeout(action, null);
        RetryPolicy retry = Retries.of(scope.mesh().defaultHttpRetryPolicy(), hash != null);
        if (retry != null) {
            action.setRetryPolicy(retry);
        }
        if (hash != null) {
            action.addHashPolicy(HashPolicies.of(hash));
        }
        RouteMatch match = wildcard == null
                ? RouteMatches.all()
                : RouteMatches.all().toBuilder()
                        .addHeaders(wildcard.authority())
                        .build();
        return Route.newBuilder()
                .setName(name)
                .setMatch(match)
                .setRoute(action)
                .setDecorator(Decorator.newBuilder().setOperation(operation))
                .build();
    }
}
