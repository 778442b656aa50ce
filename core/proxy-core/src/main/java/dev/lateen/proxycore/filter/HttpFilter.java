package dev.lateen.proxycore.filter;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.authorization.ExternalAuthorization;
import dev.lateen.proxycore.cluster.DnsLookup;
import dev.lateen.proxycore.jwt.JwtRules;
import dev.lateen.proxycore.limit.GlobalRateLimit;
import dev.lateen.proxycore.rbac.AccessRules;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.Compressor;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.CompressorPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One step of a listener's HTTP filter chain (Envoy documentation, "HTTP filters").
 *
 * @param name by which routes override its configuration
 * @param config what it does unless the route says otherwise
 * @param disabled whether it runs only for routes that configure it
 */
public record HttpFilter(String name, FilterConfig config, boolean disabled) {

    /** What this filter does for requests of a route with these overrides. */
    public FilterConfig effective(Map<String, FilterConfig> overrides) {
        FilterConfig override = overrides.get(name);
        if (override != null) {
            return override;
        }
        return disabled ? new FilterConfig.Disabled() : config;
    }

    /**
     * Compiles a filter chain. The last filter must be the router, and the only one.
     *
     * @param protos with what has come for those whose configuration comes by itself: see {@link DiscoveredFilters}
     * @param ignored takes a sentence for each unknown filter that the configuration calls optional
     */
    public static List<HttpFilter> chain(
            List<io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter> protos,
            Place at,
            List<String> ignored)
            throws CompileException {
        List<HttpFilter> filters = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            var proto = protos.get(i);
            Place here = at.item("http_filters", i).named(proto.getName());
            boolean known = Extensions.isOneOf(
                    proto.getTypedConfig(),
                    Router.class,
                    HTTPFault.class,
                    Cors.class,
                    RBAC.class,
                    JwtAuthentication.class,
                    LocalRateLimit.class,
                    RateLimit.class,
                    ExtAuthz.class,
                    Compressor.class,
                    io.envoyproxy.envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig.class);
            if (proto.hasConfigDiscovery()) {
                filters.add(new HttpFilter(proto.getName(), new FilterConfig.Missing(), proto.getDisabled()));
                continue;
            }
            if (Extensions.isOfTelemetry(proto.getTypedConfig())) {
                continue; // the proxy's own telemetry does its work
            }
            if (!known && proto.getIsOptional()) {
                ignored.add(here + ": optional and unknown: " + Extensions.typeName(proto.getTypedConfig()));
                continue;
            }
            filters.add(new HttpFilter(proto.getName(), base(proto.getTypedConfig(), here), proto.getDisabled()));
        }
        for (int i = 0; i < filters.size(); i++) {
            boolean router = filters.get(i).config() instanceof FilterConfig.Router;
            if (router != (i == filters.size() - 1)) {
                throw at.field("http_filters").refuse("the router must be the last filter, and only the last");
            }
        }
        if (filters.isEmpty()) {
            throw at.field("http_filters").refuse("no filter: at least the router is needed");
        }
        return List.copyOf(filters);
    }

    private static FilterConfig base(Any any, Place at) throws CompileException {
        if (any.is(Router.class)) {
            Router router = at.unpack(any, Router.class);
            return new FilterConfig.Router(router.getSuppressEnvoyHeaders(), router.getRespectExpectedRqTimeout());
        }
        if (any.is(HTTPFault.class)) {
            return new FilterConfig.Fault(FaultInjection.of(at.unpack(any, HTTPFault.class), at));
        }
        if (any.is(Cors.class)) {
            at.unpack(any, Cors.class);
            return new FilterConfig.Cors(CorsPolicy.NONE);
        }
        if (any.is(JwtAuthentication.class)) {
            return new FilterConfig.Tokens(JwtRules.of(at.unpack(any, JwtAuthentication.class), at));
        }
        if (any.is(RBAC.class)) {
            return access(at.unpack(any, RBAC.class), at);
        }
        if (any.is(LocalRateLimit.class)) {
            return limit(any, at);
        }
        if (any.is(RateLimit.class)) {
            return new FilterConfig.AskLimit(GlobalRateLimit.of(at.unpack(any, RateLimit.class), at));
        }
        if (any.is(ExtAuthz.class)) {
            return new FilterConfig.Authorize(ExternalAuthorization.of(at.unpack(any, ExtAuthz.class), at));
        }
        if (any.is(Compressor.class)) {
            return new FilterConfig.Compress(Compression.of(at.unpack(any, Compressor.class), at));
        }
        if (any.is(io.envoyproxy.envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig.class)) {
            var lookUp = at.unpack(
                    any, io.envoyproxy.envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig.class);
            return new FilterConfig.LookUp(DnsLookup.of(lookUp.getDnsCacheConfig(), at.field("dns_cache_config")));
        }
        throw at.refuse("unknown HTTP filter: " + Extensions.typeName(any));
    }

    private static FilterConfig access(RBAC proto, Place at) throws CompileException {
        return new FilterConfig.Access(
                proto.hasRules() ? AccessRules.of(proto.getRules(), at.field("rules")) : AccessRules.NONE,
                proto.hasShadowRules()
                        ? AccessRules.of(proto.getShadowRules(), at.field("shadow_rules"))
                        : AccessRules.NONE,
                proto.getShadowRulesStatPrefix());
    }

    private static FilterConfig limit(Any any, Place at) throws CompileException {
        return new FilterConfig.Limit(
                dev.lateen.proxycore.limit.LocalRateLimit.of(at.unpack(any, LocalRateLimit.class), at));
    }

    /** What a route says in a message of the filter's own for routes; null when it is none of those known. */
    private static @Nullable FilterConfig ofRoute(Any any, Place at) throws CompileException {
        if (any.is(HTTPFault.class)) {
            return new FilterConfig.Fault(FaultInjection.of(at.unpack(any, HTTPFault.class), at));
        }
        if (any.is(io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy.class)) {
            var cors = at.unpack(any, io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy.class);
            return new FilterConfig.Cors(CorsPolicy.of(cors, at));
        }
        if (any.is(LocalRateLimit.class)) {
            return limit(any, at);
        }
        if (any.is(ExtAuthzPerRoute.class)) {
            ExtAuthzPerRoute route = at.unpack(any, ExtAuthzPerRoute.class);
            return route.getDisabled()
                    ? new FilterConfig.Disabled()
                    : new FilterConfig.AuthorizeSettings(
                            ExternalAuthorization.of(route.getCheckSettings(), at.field("check_settings")));
        }
        if (any.is(CompressorPerRoute.class)) {
            CompressorPerRoute route = at.unpack(any, CompressorPerRoute.class);
            if (!route.getDisabled()) {
                throw at.refuse("not supported: CompressorPerRoute without disabled");
            }
            return new FilterConfig.Disabled();
        }
        return null;
    }

    /**
     * Compiles {@code typed_per_filter_config}, over those of the level above, which it does not change.
     *
     * @param ignored takes a sentence for each unknown one that the configuration calls optional
     */
    public static Map<String, FilterConfig> overrides(
            Map<String, Any> protos, Place at, Map<String, FilterConfig> above, List<String> ignored)
            throws CompileException {
        if (protos.isEmpty()) {
            return above;
        }
        Map<String, FilterConfig> all = new HashMap<>(above);
        for (Map.Entry<String, Any> entry : protos.entrySet()) {
            Place here = at.field("typed_per_filter_config").named(entry.getKey());
            Any any = entry.getValue();
            boolean optional = false;
            if (any.is(io.envoyproxy.envoy.config.route.v3.FilterConfig.class)) {
                var wrapper = here.unpack(any, io.envoyproxy.envoy.config.route.v3.FilterConfig.class);
                if (wrapper.getDisabled()) {
                    all.put(entry.getKey(), new FilterConfig.Disabled());
                    continue;
                }
                any = wrapper.getConfig();
                optional = wrapper.getIsOptional();
            }
            FilterConfig config = ofRoute(any, here);
            if (config != null) {
                all.put(entry.getKey(), config);
            } else if (optional) {
                ignored.add(here + ": optional and unknown: " + Extensions.typeName(any));
            } else {
                throw here.refuse("unknown configuration of an HTTP filter: " + Extensions.typeName(any));
            }
        }
        return Map.copyOf(all);
    }
}
