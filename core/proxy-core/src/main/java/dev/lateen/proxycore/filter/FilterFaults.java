package dev.lateen.proxycore.filter;

import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.Fault.Phase;
import dev.lateen.proxycore.Fault.Side;
import dev.lateen.proxycore.ResponseFlag;
import org.jspecify.annotations.Nullable;

/** Who is behind answers that filters and rules give in place of the app. What the caller reads is theirs to say. */
public final class FilterFaults {
    private FilterFaults() {}

    /** The request's head is none that this listener takes. */
    public static Fault refused(int status, String details) {
        // Of what is found in whole heads, Envoy's codecs find these.
        boolean codec = details.equals("low_version") || details.endsWith(".unexpected_underscore");
        String setting =
                switch (details) {
                    case "low_version", "missing_host_header" -> "the listener's rules for HTTP/1.0";
                    case "http1.unexpected_underscore", "http2.unexpected_underscore" ->
                        "headers_with_underscores_action";
                    case "path_normalization_failed" -> "meshConfig.pathNormalization";
                    case "upgrade_failed" -> "upgrade_configs of the listener and the route";
                    default -> "";
                };
        return fault(
                Side.DOWNSTREAM,
                Phase.REQUEST_HEAD,
                codec ? ResponseFlag.DPE : null,
                status,
                details,
                "",
                setting,
                "The client sent a head that is not taken here: look at what it sends.");
    }

    /**
     * What came is no request, and the codec answered it.
     *
     * @param details of Envoy's words on responses
     * @param what is wrong, for people
     */
    public static Fault malformed(int status, String details, String what) {
        return fault(
                Side.DOWNSTREAM,
                Phase.REQUEST_HEAD,
                details.startsWith("http") ? ResponseFlag.DPE : null,
                status,
                details,
                "",
                switch (details) {
                    case "request_header_timeout" -> "request_headers_timeout";
                    case "http1.headers_too_large" -> "max_request_headers_kb";
                    case "http1.too_many_headers", "http2.too_many_headers" -> "max_headers_count";
                    default -> "";
                },
                "No request could be read (" + what + "): look at what the client sends.");
    }

    /**
     * The client broke the protocol within a request.
     *
     * @param details of Envoy's words on responses
     */
    public static Fault broken(String details) {
        return fault(
                Side.DOWNSTREAM,
                Phase.REQUEST,
                ResponseFlag.DPE,
                400,
                details,
                "",
                "",
                "The rest of the request is no HTTP: look at what the client sends.");
    }

    /**
     * A route has this answer itself.
     *
     * @param rule what a person edits
     */
    public static Fault direct(int status, String rule) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                null,
                status,
                "direct_response",
                "",
                rule,
                "A rule answers so, no app was asked: look at it.");
    }

    /** A fault is injected. */
    public static Fault injected(int status) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.FI,
                status,
                "fault_filter_abort",
                "",
                "fault.abort of the route's rule",
                "A rule injects this fault: take it out when the test is over.");
    }

    /** A filter's configuration, which comes by itself, has not come. */
    public static Fault notConfigured() {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.NFCF,
                500,
                "filter_config_not_found",
                "",
                "config_discovery of a filter of the listener",
                "The control plane has not sent the filter's configuration: look at its log and at proxy-status.");
    }

    /** The request's token does not do. */
    public static Fault badToken(int status, String details) {
        return fault(
                Side.DOWNSTREAM,
                Phase.REQUEST_HEAD,
                null,
                status,
                details,
                "",
                "RequestAuthentication",
                "The client's token is missing, expired or of another issuer: look at the token.");
    }

    /**
     * Rules of access refuse the request. Which ones is not for the caller's eyes.
     *
     * @param decision the id under which the reasons are kept
     */
    public static Fault denied(String details, String decision) {
        return denied(null, 403, details, decision);
    }

    /** They refuse a connection whose content nobody looks at. */
    public static Fault deniedConnection(String details, String decision) {
        return denied(ResponseFlag.UAEX, 0, details, decision);
    }

    private static Fault denied(@Nullable ResponseFlag flag, int status, String details, String decision) {
        return fault(
                Side.PROXY,
                Phase.REQUEST_HEAD,
                flag,
                status,
                details,
                "",
                "AuthorizationPolicy",
                "Rules of access refuse this caller: the proxy's page /decisions has the reasons under " + decision
                        + ".");
    }

    /** More requests came than a limit of this proxy's own lets pass. */
    public static Fault limited(int status) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.RL,
                status,
                "local_rate_limited",
                "",
                "the local rate limit",
                "More requests came than the limit lets pass: raise it or send less.");
    }

    /** More requests came than a rate limit service lets pass. */
    public static Fault limitedBy(String cluster, int status) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.RL,
                status,
                "request_rate_limited",
                cluster,
                "the rate limit service's rules",
                "More requests came than the service lets pass: raise its limit or send less.");
    }

    /** The rate limit service gave no answer, and without one nothing passes. */
    public static Fault limiterFailed(String cluster, int status) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.RLSE,
                status,
                "rate_limiter_error",
                cluster,
                "failure_mode_deny of the rate limit filter",
                "The rate limit service did not answer: look at it.");
    }

    /** An authorization service refuses the request. */
    public static Fault deniedBy(String cluster, int status) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.UAEX,
                status,
                "ext_authz_denied",
                cluster,
                "AuthorizationPolicy with action CUSTOM",
                "The authorization service refuses the request: its log has the reason.");
    }

    /** The authorization service gave no answer, and without one nothing passes. */
    public static Fault authorizerFailed(String cluster, int status) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.UAEX,
                status,
                "ext_authz_error",
                cluster,
                "failOpen of the authorization provider",
                "The authorization service did not answer: look at it.");
    }

    /** The request has more content than an authorization service is shown. */
    public static Fault tooLarge() {
        return fault(
                Side.DOWNSTREAM,
                Phase.REQUEST,
                null,
                413,
                "request_payload_too_large",
                "",
                "includeRequestBodyInCheck.maxRequestBytes",
                "The request has more content than may be shown for authorization: raise the limit or send less.");
    }

    private static Fault fault(
            Side side,
            Phase phase,
            @Nullable ResponseFlag flag,
            int status,
            String details,
            String peer,
            String setting,
            String advice) {
        return new Fault(side, phase, flag, status, details, peer, setting, advice, "");
    }
}
