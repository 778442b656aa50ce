package dev.lateen.proxycore.retry;

import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.cluster.Limit;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.HeaderMatcher;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The retries of one request (Envoy documentation, router filter, {@code x-envoy-retry-on} and the following). Tells
 * after each failed try whether to make another; holds a place in the cluster's limit of retries from that verdict
 * until the next one or {@link #close}.
 *
 * <p>Used by one thread.
 */
public final class RetryState implements AutoCloseable {
    private static final int RETRIABLE_4XX = 409;
    private static final int ANY_GRPC = RetryOn.CANCELLED.bit()
            | RetryOn.DEADLINE_EXCEEDED.bit()
            | RetryOn.INTERNAL.bit()
            | RetryOn.RESOURCE_EXHAUSTED.bit()
            | RetryOn.UNAVAILABLE.bit();

    private final RetryPolicy policy;
    private final int conditions;
    private final Set<Integer> statusCodes;
    private final @Nullable Set<FieldName> headerNames;
    private final Limit retries;
    private int remaining;
    private boolean holding;
    private long interval;
    private long rateLimitDelay = -1;

    private RetryState(
            RetryPolicy policy,
            int conditions,
            int remaining,
            Set<Integer> statusCodes,
            @Nullable Set<FieldName> headerNames,
            Limit retries) {
        this.policy = policy;
        this.conditions = conditions;
        this.remaining = remaining;
        this.statusCodes = statusCodes;
        this.headerNames = headerNames;
        this.retries = retries;
        interval = policy.baseInterval().toMillis();
    }

    /**
     * The retries of a request, or null when there cannot be any. The caller's own wishes ({@code x-envoy-retry-on},
     * {@code -retry-grpc-on}, {@code -max-retries}, {@code -retriable-status-codes}, {@code -retriable-header-names})
     * are added to the route's, and removed from the request.
     *
     * @param retries the cluster's limit
     */
    public static @Nullable RetryState of(RetryPolicy policy, RequestHead head, Limit retries) {
        Fields fields = head.fields();
        String on = take(fields, FieldName.X_ENVOY_RETRY_ON);
        String grpcOn = take(fields, FieldName.X_ENVOY_RETRY_GRPC_ON);
        String max = take(fields, FieldName.X_ENVOY_MAX_RETRIES);
        String codes = take(fields, FieldName.X_ENVOY_RETRIABLE_STATUS_CODES);
        String names = take(fields, FieldName.X_ENVOY_RETRIABLE_HEADER_NAMES);
        int conditions = policy.conditions() | RetryOn.parseLenient(on) | RetryOn.parseLenient(grpcOn);
        if (conditions == 0 || !requestQualifies(policy, head)) {
            return null;
        }
        int remaining = policy.retries();
        if (max != null) {
            remaining = Math.clamp(number(max, remaining), 0, Integer.MAX_VALUE);
        }
        Set<Integer> statusCodes = policy.retriableStatusCodes();
        if (codes != null) {
            statusCodes = new HashSet<>(statusCodes);
            for (String code : codes.split(",")) {
                statusCodes.add(Math.clamp(number(code.trim(), -1), -1, Integer.MAX_VALUE));
            }
        }
        Set<FieldName> headerNames = null;
        if (names != null) {
            headerNames = new HashSet<>();
            for (String name : names.split(",")) {
                if (FieldName.isToken(name.trim())) {
                    headerNames.add(FieldName.of(name.trim()));
                }
            }
        }
        return new RetryState(policy, conditions, remaining, statusCodes, headerNames, retries);
    }

    private static boolean requestQualifies(RetryPolicy policy, RequestHead head) {
        if (policy.retriableRequestHeaders().isEmpty()) {
            return true;
        }
        for (HeaderMatcher matcher : policy.retriableRequestHeaders()) {
            if (matcher.matches(head)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable String take(Fields fields, FieldName name) {
        String value = fields.joined(name);
        if (value != null) {
            fields.remove(name);
        }
        return value;
    }

    private static long number(String text, long otherwise) {
        try {
            return text.length() > 15 ? otherwise : Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            return otherwise; // as Envoy: a wish that cannot be read is none
        }
    }

    /**
     * The verdict on an answer.
     *
     * @param clock the time of day, for answers that say when to come back
     */
    public RetryVerdict onHeaders(ResponseHead response, InstantSource clock) {
        boolean wanted = wouldRetry(response);
        rateLimitDelay = wanted ? rateLimitDelay(response, clock.instant().getEpochSecond()) : -1;
        return verdict(wanted);
    }

    /**
     * The verdict on a try that ended without an answer.
     *
     * @param requestStarted whether any of the request may have reached the peer
     */
    public RetryVerdict onReset(ResetReason reason, boolean requestStarted) {
        rateLimitDelay = -1;
        return verdict(wouldRetry(reason, requestStarted));
    }

    /** The verdict on a try whose time was up: the same as on a reset by this side. */
    public RetryVerdict onPerTryTimeout() {
        return onReset(ResetReason.LOCAL_RESET, true);
    }

    private boolean wouldRetry(ResponseHead response) {
        Fields fields = response.fields();
        int status = response.status();
        if (fields.contains(FieldName.X_ENVOY_OVERLOADED)) {
            return false; // whoever is overloaded is not helped by more
        }
        if (fields.contains(FieldName.X_ENVOY_RATELIMITED)) {
            return on(RetryOn.ENVOY_RATELIMITED);
        }
        if (status >= 500 && status <= 599 && on(RetryOn.FIVE_XX)) {
            return true;
        }
        if (status >= 502 && status <= 504 && on(RetryOn.GATEWAY_ERROR)) {
            return true;
        }
        if (status == RETRIABLE_4XX && on(RetryOn.RETRIABLE_4XX)) {
            return true;
        }
        if (on(RetryOn.RETRIABLE_STATUS_CODES) && statusCodes.contains(status)) {
            return true;
        }
        if (on(RetryOn.RETRIABLE_HEADERS) && hasRetriableHeader(response)) {
            return true;
        }
        return (conditions & ANY_GRPC) != 0 && grpcRetriable(fields);
    }

    private boolean hasRetriableHeader(ResponseHead response) {
        for (HeaderMatcher matcher : policy.retriableHeaders()) {
            if (matcher.matches(response.fields())) {
                return true;
            }
        }
        if (headerNames != null) {
            for (FieldName name : headerNames) {
                if (response.fields().contains(name)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean grpcRetriable(Fields fields) {
        String status = fields.get(FieldName.GRPC_STATUS);
        if (status == null) {
            return false;
        }
        return switch (status) {
            case "1" -> on(RetryOn.CANCELLED);
            case "4" -> on(RetryOn.DEADLINE_EXCEEDED);
            case "8" -> on(RetryOn.RESOURCE_EXHAUSTED);
            case "13" -> on(RetryOn.INTERNAL);
            case "14" -> on(RetryOn.UNAVAILABLE);
            default -> false;
        };
    }

    private boolean wouldRetry(ResetReason reason, boolean requestStarted) {
        if (reason == ResetReason.OVERFLOW) {
            return false;
        }
        if (on(RetryOn.RESET) || on(RetryOn.FIVE_XX) || on(RetryOn.GATEWAY_ERROR)) {
            return true;
        }
        if (on(RetryOn.RESET_BEFORE_REQUEST) && !requestStarted) {
            return true;
        }
        if (on(RetryOn.REFUSED_STREAM) && reason == ResetReason.REMOTE_REFUSED) {
            return true;
        }
        return on(RetryOn.CONNECT_FAILURE) && reason.isConnectFailure();
    }

    private boolean on(RetryOn condition) {
        return condition.in(conditions);
    }

    private RetryVerdict verdict(boolean wanted) {
        release();
        if (!wanted) {
            return RetryVerdict.NO;
        }
        if (remaining == 0) {
            return RetryVerdict.LIMIT_EXCEEDED;
        }
        remaining--;
        if (!retries.tryAcquire()) {
            return RetryVerdict.OVERFLOW;
        }
        holding = true;
        return RetryVerdict.RETRY;
    }

    /**
     * How long to wait before the next try, in nanoseconds: what the answer asked for, with up to half as much again;
     * else a random time below an interval that begins at the base and doubles up to the maximum.
     */
    public long nextBackOff(RandomGenerator random) {
        if (rateLimitDelay >= 0) {
            long millis = TimeUnit.SECONDS.toMillis(rateLimitDelay);
            return TimeUnit.MILLISECONDS.toNanos(millis + (millis < 2 ? 0 : random.nextLong(millis / 2)));
        }
        long now = interval;
        interval = Math.min(interval * 2, policy.maxInterval().toMillis());
        return TimeUnit.MILLISECONDS.toNanos(random.nextLong(now));
    }

    private long rateLimitDelay(ResponseHead response, long epochSeconds) {
        RetryPolicy.RateLimited rateLimited = policy.rateLimited();
        if (rateLimited == null) {
            return -1;
        }
        for (RetryPolicy.ResetHeader header : rateLimited.headers()) {
            String value = response.fields().get(header.name());
            long number = value == null ? -1 : number(value, -1);
            long seconds = number - (header.unixTimestamp() ? epochSeconds : 0);
            if (number >= 0
                    && seconds >= 0
                    && seconds <= rateLimited.maxInterval().toSeconds()) {
                return seconds;
            }
        }
        return -1;
    }

    /** How many tries may still follow. */
    public int remaining() {
        return remaining;
    }

    private void release() {
        if (holding) {
            holding = false;
            retries.release();
        }
    }

    /** Gives back the place in the limit of retries; to be called once the request is over. */
    @Override
    public void close() {
        release();
    }
}
