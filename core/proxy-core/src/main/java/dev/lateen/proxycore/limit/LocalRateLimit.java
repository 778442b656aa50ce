package dev.lateen.proxycore.limit;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.match.Fraction;
import dev.lateen.proxycore.route.HeaderMutations;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A limit of this proxy alone on how many requests pass ({@code
 * envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit}). Immutable but for its bucket, which all event loops
 * share.
 *
 * @param bucket null for no limit
 * @param enabled the share of requests that are counted
 * @param enforced the share of those without a token that are refused
 * @param status of a refusal
 * @param grpcExhausted whether callers of gRPC hear RESOURCE_EXHAUSTED instead of UNAVAILABLE
 * @param requestHeaders what is added to requests that would be refused if the limit were enforced
 * @param responseHeaders what is added to refusals
 */
public record LocalRateLimit(
        @Nullable TokenBucket bucket,
        Fraction enabled,
        Fraction enforced,
        int status,
        boolean grpcExhausted,
        HeaderMutations requestHeaders,
        HeaderMutations responseHeaders) {
    private static final int DEFAULT_STATUS = 429;

    /** What becomes of a request. */
    public enum Verdict {
        PASSES,
        /** It has no token, and passes marked with {@link #requestHeaders}. */
        PASSES_MARKED,
        REFUSED
    }

    public static LocalRateLimit of(
            io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit proto, Place at)
            throws CompileException {
        int status = proto.getStatus().getCodeValue();
        return new LocalRateLimit(
                proto.hasTokenBucket() ? TokenBucket.of(proto.getTokenBucket(), at.field("token_bucket")) : null,
                proto.hasFilterEnabled()
                        ? Fraction.of(proto.getFilterEnabled(), at.field("filter_enabled"))
                        : Fraction.NEVER,
                proto.hasFilterEnforced()
                        ? Fraction.of(proto.getFilterEnforced(), at.field("filter_enforced"))
                        : Fraction.NEVER,
                status < 400 ? DEFAULT_STATUS : status,
                proto.getRateLimitedAsResourceExhausted(),
                HeaderMutations.of(
                        proto.getRequestHeadersToAddWhenNotEnforcedList(),
                        List.of(),
                        at.field("request_headers_to_add_when_not_enforced")),
                HeaderMutations.of(
                        proto.getResponseHeadersToAddList(), List.of(), at.field("response_headers_to_add")));
    }

    /**
     * Decides for one request.
     *
     * @param now nanoseconds of one monotonic clock
     */
    public Verdict decide(long now, RandomGenerator random) {
        if (bucket == null || !enabled.takes(random) || bucket.take(now)) {
            return Verdict.PASSES;
        }
        return enforced.takes(random) ? Verdict.REFUSED : Verdict.PASSES_MARKED;
    }
}
