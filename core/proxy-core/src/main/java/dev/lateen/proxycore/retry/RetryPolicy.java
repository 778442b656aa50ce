package dev.lateen.proxycore.retry;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.match.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryHostPredicate;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryPriority;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When and how often a try is made again, compiled from {@code envoy.config.route.v3.RetryPolicy}. Immutable.
 *
 * @param conditions a set of {@link RetryOn#bit}s
 * @param retries how many tries may follow the first
 * @param perTryTimeout how long one try may take until its answer is complete; zero means the route's timeout
 * @param perTryIdleTimeout how long a try may stay silent; zero means without limit
 * @param avoidPreviousHosts whether a retry looks for an endpoint that was not tried
 * @param hostSelectionAttempts how often the balancer may choose anew to avoid an endpoint; at least 1
 * @param prioritiesLeftEvery after how many tries the next ones leave their priorities out; 0 for never
 * @param retriableStatusCodes for {@code retriable-status-codes}
 * @param retriableHeaders for {@code retriable-headers}: any of them in the answer
 * @param retriableRequestHeaders when not empty, only requests that meet one of these are tried again
 * @param baseInterval the first back-off is random below this
 * @param maxInterval no back-off is longer
 * @param rateLimited how long to wait when the answer itself says when to come back, or null
 */
public record RetryPolicy(
        int conditions,
        int retries,
        Duration perTryTimeout,
        Duration perTryIdleTimeout,
        boolean avoidPreviousHosts,
        int hostSelectionAttempts,
        int prioritiesLeftEvery,
        Set<Integer> retriableStatusCodes,
        List<HeaderMatcher> retriableHeaders,
        List<HeaderMatcher> retriableRequestHeaders,
        Duration baseInterval,
        Duration maxInterval,
        @Nullable RateLimited rateLimited) {
    /** Envoy's base interval when none is configured. */
    public static final Duration DEFAULT_BASE_INTERVAL = Duration.ofMillis(25);

    /** The policy of a route without one: nothing is tried again unless the request's own headers ask for it. */
    public static final RetryPolicy NONE = new RetryPolicy(
            0,
            1,
            Duration.ZERO,
            Duration.ZERO,
            false,
            1,
            0,
            Set.of(),
            List.of(),
            List.of(),
            DEFAULT_BASE_INTERVAL,
            DEFAULT_BASE_INTERVAL.multipliedBy(10),
            null);

    private static final String PREVIOUS_PRIORITIES =
            "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig";
    private static final String PREVIOUS_HOSTS = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";

    public RetryPolicy {
        retriableStatusCodes = Set.copyOf(retriableStatusCodes);
        retriableHeaders = List.copyOf(retriableHeaders);
        retriableRequestHeaders = List.copyOf(retriableRequestHeaders);
    }

    /**
     * Answers that say when to come back.
     *
     * @param headers looked for in this order
     * @param maxInterval an answer that asks for longer is not obeyed
     */
    public record RateLimited(List<ResetHeader> headers, Duration maxInterval) {
        public RateLimited {
            headers = List.copyOf(headers);
        }
    }

    /**
     * A header that says when to come back.
     *
     * @param unixTimestamp whether it holds a point in time in seconds since 1970, instead of a number of seconds
     */
    public record ResetHeader(FieldName name, boolean unixTimestamp) {}

    /** Whether the set of conditions holds this one. */
    public boolean retriesOn(RetryOn condition) {
        return condition.in(conditions);
    }

    public static RetryPolicy of(io.envoyproxy.envoy.config.route.v3.RetryPolicy proto, Place at)
            throws CompileException {
        Duration base = DEFAULT_BASE_INTERVAL;
        Duration max = null;
        if (proto.hasRetryBackOff()) {
            Place backOff = at.field("retry_back_off");
            base = backOff.field("base_interval")
                    .duration(proto.getRetryBackOff().getBaseInterval());
            if (base.isZero()) {
                throw backOff.field("base_interval").refuse("must be more than zero");
            }
            base = base.toMillis() < 1 ? Duration.ofMillis(1) : base;
            if (proto.getRetryBackOff().hasMaxInterval()) {
                max = backOff.field("max_interval")
                        .duration(proto.getRetryBackOff().getMaxInterval());
                if (max.compareTo(base) < 0) {
                    throw backOff.field("max_interval").refuse("must not be less than base_interval");
                }
            }
        }
        boolean avoids = avoidsPreviousHosts(proto.getRetryHostPredicateList(), at);
        return new RetryPolicy(
                RetryOn.parse(proto.getRetryOn(), at.field("retry_on")),
                proto.hasNumRetries() ? at.number(proto.getNumRetries()) : 1,
                at.field("per_try_timeout").duration(proto.getPerTryTimeout()),
                at.field("per_try_idle_timeout").duration(proto.getPerTryIdleTimeout()),
                avoids,
                // Without a predicate nothing is ever refused, so the first choice stands.
                avoids ? Math.clamp(proto.getHostSelectionRetryMaxAttempts(), 1, 1000) : 1,
                proto.hasRetryPriority()
                        ? prioritiesLeftEvery(proto.getRetryPriority(), at.field("retry_priority"))
                        : 0,
                Set.copyOf(proto.getRetriableStatusCodesList()),
                List.of(HeaderMatcher.all(proto.getRetriableHeadersList(), at, "retriable_headers")),
                List.of(HeaderMatcher.all(proto.getRetriableRequestHeadersList(), at, "retriable_request_headers")),
                base,
                max == null ? base.multipliedBy(10) : max,
                proto.hasRateLimitedRetryBackOff()
                        ? rateLimited(proto.getRateLimitedRetryBackOff(), at.field("rate_limited_retry_back_off"))
                        : null);
    }

    private static boolean avoidsPreviousHosts(List<RetryHostPredicate> predicates, Place at) throws CompileException {
        for (int i = 0; i < predicates.size(); i++) {
            RetryHostPredicate predicate = predicates.get(i);
            String type = predicate.getTypedConfig().getTypeUrl();
            if (!type.endsWith("/" + PREVIOUS_HOSTS)) {
                throw at.item("retry_host_predicate", i)
                        .named(predicate.getName())
                        .refuse("not supported: host predicate " + type);
            }
        }
        return !predicates.isEmpty();
    }

    private static int prioritiesLeftEvery(RetryPriority priority, Place at) throws CompileException {
        String type = priority.getTypedConfig().getTypeUrl();
        if (!type.endsWith("/" + PREVIOUS_PRIORITIES)) {
            throw at.named(priority.getName()).refuse("not supported: retry priority " + type);
        }
        int frequency = at.unpack(priority.getTypedConfig(), PreviousPrioritiesConfig.class)
                .getUpdateFrequency();
        if (frequency <= 0) {
            throw at.field("update_frequency").refuse("must be more than 0");
        }
        return frequency;
    }

    private static RateLimited rateLimited(RateLimitedRetryBackOff proto, Place at) throws CompileException {
        List<ResetHeader> headers = new ArrayList<>();
        for (int i = 0; i < proto.getResetHeadersCount(); i++) {
            var header = proto.getResetHeaders(i);
            if (!FieldName.isToken(header.getName())) {
                throw at.item("reset_headers", i).field("name").refuse("not a header field name");
            }
            headers.add(new ResetHeader(
                    FieldName.of(header.getName()),
                    switch (header.getFormat()) {
                        case SECONDS -> false;
                        case UNIX_TIMESTAMP -> true;
                        case UNRECOGNIZED ->
                            throw at.item("reset_headers", i).field("format").refuse("not a format");
                    }));
        }
        Duration max = proto.hasMaxInterval()
                ? at.field("max_interval").duration(proto.getMaxInterval())
                : Duration.ofMinutes(5);
        return new RateLimited(headers, max);
    }
}
