package dev.lateen.proxycore.cluster;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import java.time.Duration;

/**
 * How a host that is new, or well again, comes to its share of requests (Envoy documentation, slow start mode).
 *
 * @param window how long it takes
 * @param aggression 1 for a share that grows steadily; more for one that grows faster at first
 * @param minimum the share at the beginning, from 0 to 1
 */
public record SlowStart(Duration window, double aggression, double minimum) {
    private static final double DEFAULT_MINIMUM_PERCENT = 10;

    /** Compiles it; null when there is none. */
    static @org.jspecify.annotations.Nullable SlowStart of(boolean set, Cluster.SlowStartConfig proto, Place at)
            throws CompileException {
        if (!set) {
            return null;
        }
        double aggression = proto.hasAggression() ? proto.getAggression().getDefaultValue() : 1;
        double percent =
                proto.hasMinWeightPercent() ? proto.getMinWeightPercent().getValue() : DEFAULT_MINIMUM_PERCENT;
        Duration window = at.field("slow_start_window").duration(proto.getSlowStartWindow());
        if (window.isZero()) {
            throw at.field("slow_start_window").refuse("must be more than nothing");
        }
        if (!(aggression > 0)) {
            throw at.field("aggression").refuse("must be more than 0");
        }
        if (!(percent >= 0 && percent <= 100)) {
            throw at.field("min_weight_percent").refuse("not from 0 to 100");
        }
        return new SlowStart(window, aggression, percent / 100);
    }

    /** The part of its weight that counts for a host that has been well for so long. */
    public double factor(long nanos) {
        if (nanos >= window.toNanos()) {
            return 1;
        }
        double time = Math.max(1_000_000, nanos) / (double) window.toNanos();
        return Math.min(1, Math.max(minimum, Math.pow(time, 1 / aggression)));
    }
}
