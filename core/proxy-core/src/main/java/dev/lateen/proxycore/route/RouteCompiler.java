package dev.lateen.proxycore.route;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.limit.RateLimits;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import dev.lateen.proxycore.retry.RetryPolicy;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost.TlsRequirementType;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster.ClusterWeight;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Compiles one route configuration ({@code envoy.config.route.v3.RouteConfiguration}). */
final class RouteCompiler {
    /** Number of {@code DirectResponseAction.body_format}. */
    private static final int BODY_FORMAT = 3;

    private final RouteConfiguration proto;
    private final Place top;
    private final boolean mostSpecificWins;
    private final List<String> ignored = new ArrayList<>();

    RouteCompiler(RouteConfiguration proto) {
        this.proto = proto;
        top = Place.of("route", proto.getName());
        mostSpecificWins = proto.getMostSpecificHeaderMutationsWins();
    }

    RouteTable compile() throws CompileException {
        top.known(proto);
        Level level = new Level(
                HeaderMutations.of(proto.getRequestHeadersToAddList(), proto.getRequestHeadersToRemoveList(), top),
                HeaderMutations.of(proto.getResponseHeadersToAddList(), proto.getResponseHeadersToRemoveList(), top),
                HttpFilter.overrides(proto.getTypedPerFilterConfigMap(), top, Map.of(), ignored));
        List<Mirror> mirrors = Mirror.all(proto.getRequestMirrorPoliciesList(), top);
        List<VirtualHost> virtualHosts = new ArrayList<>();
        for (int i = 0; i < proto.getVirtualHostsCount(); i++) {
            var virtualHost = proto.getVirtualHosts(i);
            Place at = top.item("virtual_hosts", i).named(virtualHost.getName());
            virtualHosts.add(virtualHost(virtualHost, level, mirrors, at));
        }
        return RouteTable.of(proto.getName(), proto.getIgnorePortInHostMatching(), virtualHosts, ignored);
    }

    /** What the levels of a table add up: changes of fields and overrides of filters. */
    private record Level(HeaderMutations request, HeaderMutations response, Map<String, FilterConfig> overrides) {}

    private Level below(
            Level above, HeaderMutations request, HeaderMutations response, Map<String, FilterConfig> overrides) {
        return mostSpecificWins
                ? new Level(above.request.then(request), above.response.then(response), overrides)
                : new Level(request.then(above.request), response.then(above.response), overrides);
    }

    private VirtualHost virtualHost(
            io.envoyproxy.envoy.config.route.v3.VirtualHost host, Level above, List<Mirror> mirrors, Place at)
            throws CompileException {
        Level level = below(
                above,
                HeaderMutations.of(host.getRequestHeadersToAddList(), host.getRequestHeadersToRemoveList(), at),
                HeaderMutations.of(host.getResponseHeadersToAddList(), host.getResponseHeadersToRemoveList(), at),
                HttpFilter.overrides(host.getTypedPerFilterConfigMap(), at, above.overrides, ignored));
        List<Mirror> own = Mirror.all(host.getRequestMirrorPoliciesList(), at);
        String origin = Extensions.origin(host.getMetadata());
        ForwardDefaults defaults = new ForwardDefaults(
                host.hasRetryPolicy()
                        ? RetryPolicy.of(host.getRetryPolicy(), at.field("retry_policy"))
                        : RetryPolicy.NONE,
                own.isEmpty() ? mirrors : own,
                host.getIncludeRequestAttemptCount(),
                host.getIncludeAttemptCountInResponse(),
                host.hasPerRequestBufferLimitBytes() ? at.number(host.getPerRequestBufferLimitBytes()) : -1L);
        RateLimits limits = RateLimits.of(host.getRateLimitsList(), at);
        List<Route> routes = new ArrayList<>();
        for (int i = 0; i < host.getRoutesCount(); i++) {
            var route = host.getRoutes(i);
            routes.add(route(
                    host.getName(),
                    route,
                    level,
                    defaults,
                    limits,
                    at.item("routes", i).named(route.getName())));
        }
        RouteInfo info = new RouteInfo(proto.getName(), host.getName(), "", origin, "", limits, level.overrides);
        return new VirtualHost(
                host.getName(),
                origin,
                List.copyOf(host.getDomainsList()),
                List.copyOf(routes),
                host.getRequireTls() == TlsRequirementType.NONE ? null : Redirect.toHttps(info),
                host.getRequireTls() == TlsRequirementType.EXTERNAL_ONLY,
                NoRoute.of(proto.getName(), host.getName(), "no route of \"" + host.getName() + "\" matches"));
    }

    @SuppressWarnings("deprecation") // include_vh_rate_limits is what routes still have
    private Route route(
            String virtualHost,
            io.envoyproxy.envoy.config.route.v3.Route route,
            Level above,
            ForwardDefaults defaults,
            RateLimits limits,
            Place at)
            throws CompileException {
        Level level = below(
                above,
                HeaderMutations.of(route.getRequestHeadersToAddList(), route.getRequestHeadersToRemoveList(), at),
                HeaderMutations.of(route.getResponseHeadersToAddList(), route.getResponseHeadersToRemoveList(), at),
                HttpFilter.overrides(route.getTypedPerFilterConfigMap(), at, above.overrides, ignored));
        RouteMatcher matcher = RouteMatcher.of(route.getMatch(), at.field("match"));
        RouteInfo info = new RouteInfo(
                proto.getName(),
                virtualHost,
                route.getName(),
                Extensions.origin(route.getMetadata()),
                route.getDecorator().getOperation(),
                RateLimits.of(route.getRoute().getRateLimitsList(), at.field("route"))
                        .over(limits, route.getRoute().getIncludeVhRateLimits().getValue()),
                level.overrides);
        Route.Target target =
                switch (route.getActionCase()) {
                    case REDIRECT ->
                        new Route.Fixed(Redirect.of(
                                route.getRedirect(), info, level.response, matcher.path, at.field("redirect")));
                    case DIRECT_RESPONSE -> new Route.Fixed(directResponse(route, info, level, at));
                    case ROUTE -> {
                        ForwardDefaults withLimit = route.hasPerRequestBufferLimitBytes()
                                ? defaults.withBufferLimit(at.number(route.getPerRequestBufferLimitBytes()))
                                : defaults;
                        ForwardPolicy policy = withLimit.policy(route.getRoute(), matcher.path, at.field("route"));
                        yield target(route.getRoute(), policy, info, level, at.field("route"));
                    }
                    case FILTER_ACTION, NON_FORWARDING_ACTION, ACTION_NOT_SET ->
                        throw at.refuse("no action that is supported: " + route.getActionCase());
                };
        return new Route(info, matcher, target);
    }

    private DirectResponse directResponse(
            io.envoyproxy.envoy.config.route.v3.Route route, RouteInfo info, Level level, Place at)
            throws CompileException {
        var response = route.getDirectResponse();
        Place here = at.field("direct_response");
        if (response.getStatus() < 200 || response.getStatus() > 599) {
            throw here.field("status").refuse("not a status from 200 to 599: " + response.getStatus());
        }
        String body =
                switch (response.getBody().getSpecifierCase()) {
                    case INLINE_STRING -> ByteText.of(response.getBody().getInlineString());
                    case INLINE_BYTES ->
                        response.getBody().getInlineBytes().toString(java.nio.charset.StandardCharsets.ISO_8859_1);
                    case SPECIFIER_NOT_SET -> "";
                    case FILENAME, ENVIRONMENT_VARIABLE ->
                        throw here.field("body").refuse("only inline bodies are supported");
                };
        int limit =
                proto.hasMaxDirectResponseBodySizeBytes() ? at.number(proto.getMaxDirectResponseBodySizeBytes()) : 4096;
        if (body.length() > limit) {
            throw here.field("body").refuse(body.length() + " bytes are more than the limit of " + limit);
        }
        Format format = bodyFormat(response, here.field("body_format"));
        return new DirectResponse(
                info, level.response, response.getStatus(), format == null ? Format.bytes(body) : format);
    }

    /** Field {@code body_format}, which the published messages do not have yet; null when it is not set. */
    private static @Nullable Format bodyFormat(DirectResponseAction response, Place at) throws CompileException {
        List<ByteString> set = response.getUnknownFields().getField(BODY_FORMAT).getLengthDelimitedList();
        if (set.isEmpty()) {
            return null;
        }
        try {
            SubstitutionFormatString format = SubstitutionFormatString.parseFrom(set.getLast());
            at.only(format, "text_format_source");
            if (!format.getTextFormatSource().hasInlineString()) {
                throw at.refuse("only inline text is supported");
            }
            return Format.parse(format.getTextFormatSource().getInlineString(), at);
        } catch (InvalidProtocolBufferException e) {
            throw at.refuse("not a SubstitutionFormatString: " + e.getMessage());
        }
    }

    private Route.Target target(
            io.envoyproxy.envoy.config.route.v3.RouteAction action,
            ForwardPolicy policy,
            RouteInfo info,
            Level level,
            Place at)
            throws CompileException {
        return switch (action.getClusterSpecifierCase()) {
            case CLUSTER ->
                new Route.Fixed(new Forward(action.getCluster(), policy, info, level.request, level.response, null));
            case CLUSTER_HEADER ->
                new Route.ByHeader(
                        HeaderRef.of(action.getClusterHeader(), at.field("cluster_header")),
                        new Forward("", policy, info, level.request, level.response, null));
            case WEIGHTED_CLUSTERS ->
                weighted(action.getWeightedClusters(), policy, info, level, at.field("weighted_clusters"));
            case CLUSTER_SPECIFIER_PLUGIN, INLINE_CLUSTER_SPECIFIER_PLUGIN, CLUSTERSPECIFIER_NOT_SET ->
                throw at.refuse("no cluster that is supported: " + action.getClusterSpecifierCase());
        };
    }

    private Route.Target weighted(WeightedCluster clusters, ForwardPolicy policy, RouteInfo info, Level above, Place at)
            throws CompileException {
        List<Forward> forwards = new ArrayList<>();
        int[] ends = new int[clusters.getClustersCount()];
        long sum = 0;
        for (int i = 0; i < ends.length; i++) {
            ClusterWeight cluster = clusters.getClusters(i);
            Place here = at.item("clusters", i).named(cluster.getName());
            Level level = below(
                    above,
                    HeaderMutations.of(
                            cluster.getRequestHeadersToAddList(), cluster.getRequestHeadersToRemoveList(), here),
                    HeaderMutations.of(
                            cluster.getResponseHeadersToAddList(), cluster.getResponseHeadersToRemoveList(), here),
                    HttpFilter.overrides(cluster.getTypedPerFilterConfigMap(), here, above.overrides, ignored));
            forwards.add(new Forward(
                    cluster.getName(),
                    policy,
                    info.withOverrides(level.overrides),
                    level.request,
                    level.response,
                    cluster.getHostRewriteLiteral().isEmpty() ? null : cluster.getHostRewriteLiteral()));
            sum += here.number(cluster.getWeight());
            if (sum > Integer.MAX_VALUE) {
                throw at.refuse("the weights add up to more than " + Integer.MAX_VALUE);
            }
            ends[i] = (int) sum;
        }
        if (sum == 0) {
            throw at.refuse("the weights add up to zero");
        }
        return new Route.Weighted(forwards, ends);
    }
}
