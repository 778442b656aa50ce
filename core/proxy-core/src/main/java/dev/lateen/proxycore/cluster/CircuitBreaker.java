package dev.lateen.proxycore.cluster;

import java.util.concurrent.atomic.LongAdder;

/**
 * The limits of one priority of a cluster, with what is in use; shared by all event loops of a proxy (Envoy
 * documentation, circuit breaking). What finds no room fails at once with flag UO, and is never tried again.
 */
public final class CircuitBreaker {
    private final Limit connections;
    private final Limit pendingRequests;
    private final Limit requests;
    private final Limit retries;
    private final Limit pools;

    /** @param totals count what finds no room */
    public CircuitBreaker(Thresholds thresholds, ClusterTotals totals) {
        connections = new Limit(thresholds.connections(), totals.connectionOverflows);
        pendingRequests = new Limit(thresholds.pendingRequests(), totals.requestOverflows);
        requests = new Limit(thresholds.requests(), totals.requestOverflows);
        pools = new Limit(thresholds.pools(), new LongAdder());
        retries = thresholds.budget() == null
                ? new Limit(thresholds.retries(), totals.retryOverflows)
                : new Limit.RetryBudget(thresholds.budget(), requests, pendingRequests, totals.retryOverflows);
    }

    /** Connections to all hosts. A pool that has none may make one by {@link Limit#acquire} in any case. */
    public Limit connections() {
        return connections;
    }

    /** Requests that wait for a connection. */
    public Limit pendingRequests() {
        return pendingRequests;
    }

    /** Requests under way. */
    public Limit requests() {
        return requests;
    }

    /** Retries under way, back-off included. */
    public Limit retries() {
        return retries;
    }

    /** Connection pools. */
    public Limit pools() {
        return pools;
    }
}
