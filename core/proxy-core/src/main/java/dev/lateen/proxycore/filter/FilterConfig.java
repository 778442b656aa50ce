package dev.lateen.proxycore.filter;

import dev.lateen.proxycore.authorization.ExternalAuthorization;
import dev.lateen.proxycore.cluster.DnsLookup;
import dev.lateen.proxycore.jwt.JwtRules;
import dev.lateen.proxycore.limit.GlobalRateLimit;
import dev.lateen.proxycore.limit.LocalRateLimit;
import dev.lateen.proxycore.rbac.AccessRules;

/** What an HTTP filter was told to do: for all requests of a listener, or for those of one route. */
public sealed interface FilterConfig {
    /**
     * Sends the request where its route says ({@code envoy.extensions.filters.http.router.v3.Router}).
     *
     * @param suppressEnvoyHeaders whether no {@code x-envoy-} header is added to requests and responses
     * @param respectExpectedTimeout whether {@code x-envoy-expected-rq-timeout-ms} of the caller is taken over
     */
    record Router(boolean suppressEnvoyHeaders, boolean respectExpectedTimeout) implements FilterConfig {}

    /** Delays or refuses a share of requests: see {@link FaultInjection}. */
    record Fault(FaultInjection injection) implements FilterConfig {}

    /** Answers for cross-origin requests of browsers: see {@link CorsPolicy}. */
    record Cors(CorsPolicy policy) implements FilterConfig {}

    /**
     * Refuses what may not be done ({@code envoy.extensions.filters.http.rbac.v3.RBAC}).
     *
     * @param rehearsed rules whose verdict is only told: in the log, and to later filters under {@code prefix} followed by
     *     {@code shadow_effective_policy_id} and {@code shadow_engine_result}
     */
    record Access(AccessRules rules, AccessRules rehearsed, String prefix) implements FilterConfig {}

    /** Refuses requests with a bad token ({@code envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication}). */
    record Tokens(JwtRules rules) implements FilterConfig {}

    /** Limits how many requests pass. */
    record Limit(LocalRateLimit limit) implements FilterConfig {}

    /** Asks a service whether requests are within their limits. */
    record AskLimit(GlobalRateLimit limit) implements FilterConfig {}

    /** Compresses answers. */
    record Compress(Compression compression) implements FilterConfig {}

    /** Asks a service whether the request may pass. */
    record Authorize(ExternalAuthorization authorization) implements FilterConfig {}

    /** What a route says to {@link Authorize}. */
    record AuthorizeSettings(ExternalAuthorization.RouteSettings settings) implements FilterConfig {}

    /** Looks up the name that a request asks for, where its cluster needs the address. */
    record LookUp(DnsLookup lookup) implements FilterConfig {}

    /** Its configuration has not come, and has no default: requests are refused. */
    record Missing() implements FilterConfig {}

    /** The filter does not run for these requests. */
    record Disabled() implements FilterConfig {}
}
