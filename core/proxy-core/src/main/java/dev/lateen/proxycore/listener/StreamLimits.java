package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.head.GrpcTimeout;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.route.ForwardPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long one stream of a connection manager may take, in nanoseconds; 0 means without limit (Envoy documentation,
 * "How do I configure timeouts").
 *
 * @param idle how long it may be silent in both directions
 * @param duration how long it may live
 * @param request from its begin to the end of the request
 */
public record StreamLimits(long idle, long duration, long request) {
    /**
     * The limits of one request: the route's where it has its own, else the connection manager's. A gRPC caller's
     * deadline takes the place of both durations where the route says so.
     *
     * @param policy the route's, or null when the request is not forwarded
     */
    public static StreamLimits of(
            HttpConnectionManager.Timeouts timeouts, @Nullable ForwardPolicy policy, RequestHead head) {
        Duration idle = timeouts.streamIdle();
        Duration duration = timeouts.streamDuration();
        if (policy != null) {
            idle = policy.idleTimeout() == null ? idle : policy.idleTimeout();
            duration = policy.maxStreamDuration() == null ? duration : policy.maxStreamDuration();
        }
        return new StreamLimits(
                idle.toNanos(),
                withDeadline(duration.toNanos(), policy, head),
                timeouts.request().toNanos());
    }

    private static long withDeadline(long duration, @Nullable ForwardPolicy policy, RequestHead head) {
        Duration most = policy == null ? null : policy.grpcTimeoutMax();
        long wanted = most == null ? -1 : GrpcTimeout.nanos(head);
        if (most == null || wanted < 0) {
            return duration;
        }
        // A deadline of zero has passed already: the shortest that is not "without limit".
        return Math.max(1, most.isZero() ? wanted : Math.min(wanted, most.toNanos()));
    }
}
