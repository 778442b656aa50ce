package dev.lateen.proxycore.filter;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.Fraction;
import dev.lateen.proxycore.match.HeaderMatcher;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Delays and refuses a share of requests (Envoy documentation, fault injection filter). Immutable.
 *
 * @param delay how long a delayed request waits; zero for no delay
 * @param delayed the share of requests that wait
 * @param abortStatus the status of refused requests; 0 when none is refused, or refused as gRPC
 * @param abortGrpcStatus the gRPC status of refused requests; -1 for none
 * @param aborted the share of requests that are refused, after their delay
 * @param upstreamCluster when not empty, only requests for this cluster are touched
 * @param headers only requests that meet all of these are touched
 */
public record FaultInjection(
        Duration delay,
        Fraction delayed,
        int abortStatus,
        int abortGrpcStatus,
        Fraction aborted,
        String upstreamCluster,
        List<HeaderMatcher> headers) {
    /** Touches no request. */
    public static final FaultInjection NONE =
            new FaultInjection(Duration.ZERO, Fraction.NEVER, 0, -1, Fraction.NEVER, "", List.of());

    /** What to do with most requests: nothing. */
    public static final Verdict UNTOUCHED = new Verdict(Duration.ZERO, 0, -1);

    public FaultInjection {
        headers = List.copyOf(headers);
    }

    /**
     * What to do with one request: wait, then refuse it when one of the two statuses is set.
     *
     * @param delay zero for no delay; with one, flag DI
     * @param status 0 for none; with one, flag FI, and the body is {@code fault filter abort}
     * @param grpcStatus -1 for none; a refusal with HTTP status 200 and this {@code grpc-status}
     */
    public record Verdict(Duration delay, int status, int grpcStatus) {
        public boolean aborts() {
            return status > 0 || grpcStatus >= 0;
        }
    }

    public static FaultInjection of(HTTPFault proto, Place at) throws CompileException {
        Duration delay = Duration.ZERO;
        Fraction delayed = Fraction.NEVER;
        if (proto.hasDelay()) {
            FaultDelay fault = proto.getDelay();
            delay = at.field("delay").field("fixed_delay").duration(fault.getFixedDelay());
            delayed = Fraction.of(fault.getPercentage(), at.field("delay").field("percentage"));
        }
        FaultAbort abort = proto.getAbort();
        if (abort.hasHttpStatus() && (abort.getHttpStatus() < 200 || abort.getHttpStatus() > 599)) {
            throw at.field("abort").field("http_status").refuse("not a status from 200 to 599");
        }
        return new FaultInjection(
                delay,
                delayed,
                abort.hasHttpStatus() ? abort.getHttpStatus() : 0,
                abort.hasGrpcStatus() ? abort.getGrpcStatus() : -1,
                Fraction.of(abort.getPercentage(), at.field("abort").field("percentage")),
                proto.getUpstreamCluster(),
                List.of(HeaderMatcher.all(proto.getHeadersList(), at, "headers")));
    }

    /** What it does, for people. */
    public String describe() {
        List<String> parts = new ArrayList<>();
        if (!delay.isZero() && !delayed.equals(Fraction.NEVER)) {
            parts.add("delays " + delayed + " by " + delay.toMillis() + " ms");
        }
        if (!aborted.equals(Fraction.NEVER)) {
            parts.add("refuses " + aborted + " with "
                    + (abortStatus > 0 ? "status " + abortStatus : "gRPC status " + abortGrpcStatus));
        }
        return parts.isEmpty() ? "touches no request" : String.join(", ", parts);
    }

    /**
     * Decides for one request.
     *
     * @param cluster the cluster that its route leads to, or empty
     */
    public Verdict decide(RequestHead head, String cluster, RandomGenerator random) {
        if (!upstreamCluster.isEmpty() && !upstreamCluster.equals(cluster)) {
            return UNTOUCHED;
        }
        for (HeaderMatcher header : headers) {
            if (!header.matches(head)) {
                return UNTOUCHED;
            }
        }
        boolean delays = !delay.isZero() && delayed.takes(random);
        boolean aborts = (abortStatus > 0 || abortGrpcStatus >= 0) && aborted.takes(random);
        if (!delays && !aborts) {
            return UNTOUCHED;
        }
        return new Verdict(delays ? delay : Duration.ZERO, aborts ? abortStatus : 0, aborts ? abortGrpcStatus : -1);
    }
}
