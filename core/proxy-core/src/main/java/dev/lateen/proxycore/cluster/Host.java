package dev.lateen.proxycore.cluster;

import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A live endpoint: its address, and what happens there. It stays the same object while its address stays in the
 * cluster, whatever else the control plane changes. Thread-safe; shared by all event loops.
 */
public final class Host {
    private final InetSocketAddress address;
    private final ClusterTotals cluster;
    private volatile Endpoint endpoint;
    private volatile boolean ejected;
    private volatile boolean failedActiveCheck;
    private volatile long wellSince;
    private final AtomicInteger activeRequests = new AtomicInteger();
    private final AtomicInteger activeConnections = new AtomicInteger();
    private final LongAdder connections = new LongAdder();
    private final LongAdder connectFailures = new LongAdder();
    private final LongAdder requests = new LongAdder();
    private final LongAdder successes = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final LongAdder timeouts = new LongAdder();
    final OutlierState outlier = new OutlierState();
    /** For the lines of logs; made when the first one is written. */
    private @Nullable String text;
    /** Requests and connections so far; the first time nothing was asked before. */
    private long begunWhenAsked = -1;

    /** Whether a host may be used. */
    public enum Availability {
        HEALTHY,
        DEGRADED,
        UNHEALTHY
    }

    Host(Endpoint endpoint, ClusterTotals cluster) {
        this.cluster = cluster;
        this.address = endpoint.address();
        this.endpoint = endpoint;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** What is configured for it now. */
    public Endpoint endpoint() {
        return endpoint;
    }

    void endpoint(Endpoint next) {
        endpoint = next;
    }

    /** Whether outlier detection leaves it alone for now. */
    public boolean ejected() {
        return ejected;
    }

    void ejected(boolean out) {
        ejected = out;
    }

    /** Whether an active health check failed. */
    public boolean failedActiveCheck() {
        return failedActiveCheck;
    }

    /** When it came, or passed its active health check again; nanoseconds of the cluster's clock. */
    public long wellSince() {
        return wellSince;
    }

    void wellSince(long nanos) {
        wellSince = nanos;
    }

    /** Sets it; see {@link Hosts#checked}. */
    void failedActiveCheck(boolean failed) {
        failedActiveCheck = failed;
    }

    public Availability availability() {
        Endpoint.Health health = endpoint.health();
        if (ejected || failedActiveCheck || health == Endpoint.Health.UNHEALTHY) {
            return Availability.UNHEALTHY;
        }
        return health == Endpoint.Health.DEGRADED ? Availability.DEGRADED : Availability.HEALTHY;
    }

    /** Why it is not to be used, for people; empty when it is. */
    public String whyUnavailable() {
        if (ejected) {
            return "ejected by outlier detection";
        }
        if (failedActiveCheck) {
            return "failed its health check";
        }
        return endpoint.health() == Endpoint.Health.UNHEALTHY ? "reported unhealthy by the control plane" : "";
    }

    /** A request goes there. To be followed by {@link #requestEnded}. */
    public void requestStarted() {
        activeRequests.incrementAndGet();
        requests.increment();
        cluster.activeRequests.increment();
        cluster.requests.increment();
    }

    /** It is over, whichever way; success counts for statistics only. */
    public void requestEnded(boolean success) {
        activeRequests.decrementAndGet();
        cluster.activeRequests.decrement();
        (success ? successes : errors).increment();
    }

    /** A request was not answered in time. */
    public void requestTimedOut() {
        timeouts.increment();
        cluster.timeouts.increment();
    }

    /** A connection is there. To be followed by {@link #connectionClosed}. */
    public void connectionOpened() {
        activeConnections.incrementAndGet();
        connections.increment();
        cluster.activeConnections.increment();
        cluster.connections.increment();
    }

    public void connectionClosed() {
        activeConnections.decrementAndGet();
        cluster.activeConnections.decrement();
    }

    /** A connection could not be made. */
    public void connectFailed() {
        connectFailures.increment();
        cluster.connectFailures.increment();
    }

    /** Of all hosts of its cluster. */
    public ClusterTotals cluster() {
        return cluster;
    }

    public int activeRequests() {
        return activeRequests.get();
    }

    public int activeConnections() {
        return activeConnections.get();
    }

    /** Whether nothing goes on there. */
    boolean isUnused() {
        return activeRequests() == 0 && activeConnections() == 0;
    }

    /**
     * Whether no request goes on there, and none and no connection has begun since this was asked last: connections that are
     * kept for requests do not count. Under the lock of its {@link Hosts}.
     */
    boolean idleSinceAsked() {
        long begun = requests.sum() + connections.sum();
        boolean idle = begun == begunWhenAsked && activeRequests() == 0;
        begunWhenAsked = begun;
        return idle;
    }

    /** Totals since the host appeared. */
    public Totals totals() {
        return new Totals(
                connections.sum(),
                connectFailures.sum(),
                requests.sum(),
                successes.sum(),
                errors.sum(),
                timeouts.sum(),
                outlier.ejections());
    }

    /** Totals since a host appeared. */
    public record Totals(
            long connections,
            long connectFailures,
            long requests,
            long successes,
            long errors,
            long timeouts,
            int ejections) {}

    /** Its address in the usual form of logs, without the slash of InetSocketAddress. */
    @Override
    public String toString() {
        String known = text;
        if (known == null) {
            known = address.getAddress() == null
                    ? address.getHostString() + ":" + address.getPort()
                    : addressText(address);
            text = known;
        }
        return known;
    }

    /** {@code 10.1.2.3:80} or {@code [::1]:80}, as Envoy writes and hashes it. */
    public static String addressText(InetSocketAddress address) {
        String ip = address.getAddress() == null
                ? address.getHostString()
                : address.getAddress().getHostAddress();
        return ip.indexOf(':') >= 0 ? "[" + compressed(ip) + "]:" + address.getPort() : ip + ":" + address.getPort();
    }

    /** The canonical text of an IPv6 address (RFC 5952): Java writes every group. */
    private static String compressed(String ip) {
        String[] groups = ip.split(":");
        int bestStart = -1;
        int bestLength = 1;
        for (int i = 0; i < groups.length; i++) {
            int j = i;
            while (j < groups.length && groups[j].equals("0")) {
                j++;
            }
            if (j - i > bestLength) {
                bestStart = i;
                bestLength = j - i;
            }
        }
        if (bestStart < 0) {
            return ip;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < groups.length; i++) {
            if (i == bestStart) {
                text.append("::");
                i += bestLength - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                        .append(groups[i]);
            }
        }
        return text.toString();
    }
}
