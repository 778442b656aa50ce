package dev.lateen.proxycore.cluster;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.Priority;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Limits of one priority of a cluster ({@code envoy.config.cluster.v3.CircuitBreakers.Thresholds}); {@link
 * Integer#MAX_VALUE} and above mean without limit.
 *
 * @param budget when set, limits retries by the number of requests, instead of {@code retries}
 */
public record Thresholds(
        int connections,
        int pendingRequests,
        int requests,
        int retries,
        int pools,
        @Nullable Budget budget) {
    /** What holds when a priority has no thresholds. */
    public static final Thresholds DEFAULT = new Thresholds(1024, 1024, 1024, 3, Integer.MAX_VALUE, null);

    /**
     * Retries as a share of the requests under way.
     *
     * @param percent of active and pending requests
     * @param minimum how many retries are always allowed
     */
    public record Budget(double percent, int minimum) {}

    static Map<Priority, Thresholds> of(CircuitBreakers proto, Place at) throws CompileException {
        Map<Priority, Thresholds> all = new EnumMap<>(Priority.class);
        for (int i = 0; i < proto.getThresholdsCount(); i++) {
            CircuitBreakers.Thresholds limits = proto.getThresholds(i);
            Place here = at.item("thresholds", i);
            Budget budget = null;
            if (limits.hasRetryBudget()) {
                var retryBudget = limits.getRetryBudget();
                budget = new Budget(
                        retryBudget.hasBudgetPercent()
                                ? retryBudget.getBudgetPercent().getValue()
                                : 20,
                        retryBudget.hasMinRetryConcurrency() ? here.number(retryBudget.getMinRetryConcurrency()) : 3);
            }
            all.putIfAbsent(
                    limits.getPriority() == RoutingPriority.HIGH ? Priority.HIGH : Priority.DEFAULT,
                    new Thresholds(
                            limits.hasMaxConnections() ? here.number(limits.getMaxConnections()) : 1024,
                            limits.hasMaxPendingRequests() ? here.number(limits.getMaxPendingRequests()) : 1024,
                            limits.hasMaxRequests() ? here.number(limits.getMaxRequests()) : 1024,
                            limits.hasMaxRetries() ? here.number(limits.getMaxRetries()) : 3,
                            limits.hasMaxConnectionPools()
                                    ? here.number(limits.getMaxConnectionPools())
                                    : Integer.MAX_VALUE,
                            budget));
        }
        return all;
    }
}
