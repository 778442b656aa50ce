package dev.lateen.proxycore.cluster;

import com.google.protobuf.UInt32Value;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import java.time.Duration;

/**
 * When a host that fails is left alone, and for how long ({@code envoy.config.cluster.v3.OutlierDetection}; Envoy
 * documentation, outlier detection). Shares are in percent.
 *
 * @param consecutive5xx so many answers of 5xx in a row eject; 0 never does
 * @param consecutiveGatewayFailure the same for 502, 503 and 504
 * @param consecutiveLocalOriginFailure the same for failed connections and the like, when these are split off
 * @param interval between two looks at all hosts
 * @param baseEjectionTime a host is out for this times the number of its ejections
 * @param maxEjectionTime no host is out for longer
 * @param maxEjectionTimeJitter up to this is added at random
 * @param maxEjectionPercent no more of the hosts are out at once
 * @param alwaysEjectOneHost whether one may be out even when that is more than this
 * @param splitLocalOriginErrors whether failed connections and the like are counted apart from answers
 * @param healthCheckRestores whether a host is in again as soon as it passes an active health check
 * @param enforce how likely a detection of each kind ejects
 * @param successRate by comparing hosts
 * @param failurePercentage by an absolute bound
 */
public record OutlierConfig(
        int consecutive5xx,
        int consecutiveGatewayFailure,
        int consecutiveLocalOriginFailure,
        Duration interval,
        Duration baseEjectionTime,
        Duration maxEjectionTime,
        Duration maxEjectionTimeJitter,
        int maxEjectionPercent,
        boolean alwaysEjectOneHost,
        boolean splitLocalOriginErrors,
        boolean healthCheckRestores,
        Enforce enforce,
        SuccessRate successRate,
        FailurePercentage failurePercentage) {

    /** How likely a detection of each kind ejects, in percent. */
    public record Enforce(
            int consecutive5xx,
            int consecutiveGatewayFailure,
            int consecutiveLocalOriginFailure,
            int successRate,
            int localOriginSuccessRate,
            int failurePercentage,
            int localOriginFailurePercentage) {}

    /**
     * A host is an outlier when its share of successes is below the mean of all by so many standard deviations.
     *
     * @param minimumHosts with this volume, or nothing is judged
     * @param requestVolume requests in an interval that a host needs to be judged
     * @param deviations in thousandths
     */
    public record SuccessRate(int minimumHosts, int requestVolume, int deviations) {}

    /** A host is an outlier when its share of failures is at least the threshold. */
    public record FailurePercentage(int minimumHosts, int requestVolume, int threshold) {}

    static OutlierConfig of(OutlierDetection proto, Place at) throws CompileException {
        Duration base =
                duration(proto.hasBaseEjectionTime(), proto.getBaseEjectionTime(), 30, at.field("base_ejection_time"));
        Duration max = proto.hasMaxEjectionTime()
                ? at.field("max_ejection_time").duration(proto.getMaxEjectionTime())
                : base.compareTo(Duration.ofMinutes(5)) > 0 ? base : Duration.ofMinutes(5);
        if (max.compareTo(base) < 0) {
            throw at.field("max_ejection_time").refuse("must not be less than base_ejection_time");
        }
        Duration interval = duration(proto.hasInterval(), proto.getInterval(), 10, at.field("interval"));
        if (interval.isZero()) {
            throw at.field("interval").refuse("must be more than zero");
        }
        return new OutlierConfig(
                number(proto.hasConsecutive5Xx(), proto.getConsecutive5Xx(), 5, at),
                number(proto.hasConsecutiveGatewayFailure(), proto.getConsecutiveGatewayFailure(), 5, at),
                number(proto.hasConsecutiveLocalOriginFailure(), proto.getConsecutiveLocalOriginFailure(), 5, at),
                interval,
                base,
                max,
                at.field("max_ejection_time_jitter").duration(proto.getMaxEjectionTimeJitter()),
                Math.min(100, number(proto.hasMaxEjectionPercent(), proto.getMaxEjectionPercent(), 10, at)),
                proto.getAlwaysEjectOneHost().getValue(),
                proto.getSplitExternalLocalOriginErrors(),
                !proto.hasSuccessfulActiveHealthCheckUnejectHost()
                        || proto.getSuccessfulActiveHealthCheckUnejectHost().getValue(),
                enforce(proto, at),
                new SuccessRate(
                        number(proto.hasSuccessRateMinimumHosts(), proto.getSuccessRateMinimumHosts(), 5, at),
                        number(proto.hasSuccessRateRequestVolume(), proto.getSuccessRateRequestVolume(), 100, at),
                        number(proto.hasSuccessRateStdevFactor(), proto.getSuccessRateStdevFactor(), 1900, at)),
                new FailurePercentage(
                        number(
                                proto.hasFailurePercentageMinimumHosts(),
                                proto.getFailurePercentageMinimumHosts(),
                                5,
                                at),
                        number(
                                proto.hasFailurePercentageRequestVolume(),
                                proto.getFailurePercentageRequestVolume(),
                                50,
                                at),
                        number(proto.hasFailurePercentageThreshold(), proto.getFailurePercentageThreshold(), 85, at)));
    }

    private static Enforce enforce(OutlierDetection proto, Place at) throws CompileException {
        return new Enforce(
                number(proto.hasEnforcingConsecutive5Xx(), proto.getEnforcingConsecutive5Xx(), 100, at),
                number(
                        proto.hasEnforcingConsecutiveGatewayFailure(),
                        proto.getEnforcingConsecutiveGatewayFailure(),
                        0,
                        at),
                number(
                        proto.hasEnforcingConsecutiveLocalOriginFailure(),
                        proto.getEnforcingConsecutiveLocalOriginFailure(),
                        100,
                        at),
                number(proto.hasEnforcingSuccessRate(), proto.getEnforcingSuccessRate(), 100, at),
                number(proto.hasEnforcingLocalOriginSuccessRate(), proto.getEnforcingLocalOriginSuccessRate(), 100, at),
                number(proto.hasEnforcingFailurePercentage(), proto.getEnforcingFailurePercentage(), 0, at),
                number(
                        proto.hasEnforcingFailurePercentageLocalOrigin(),
                        proto.getEnforcingFailurePercentageLocalOrigin(),
                        0,
                        at));
    }

    private static int number(boolean set, UInt32Value value, int otherwise, Place at) throws CompileException {
        return set ? at.number(value) : otherwise;
    }

    private static Duration duration(boolean set, com.google.protobuf.Duration value, long otherwiseSeconds, Place at)
            throws CompileException {
        return set ? at.duration(value) : Duration.ofSeconds(otherwiseSeconds);
    }
}
