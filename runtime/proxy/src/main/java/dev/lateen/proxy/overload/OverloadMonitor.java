package dev.lateen.proxy.overload;

import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.overload.Overload;
import dev.lateen.proxycore.overload.Overload.Action;
import dev.lateen.proxycore.overload.Resource;
import dev.lateen.proxycore.overload.Usage;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at what the process uses and says what is to be refused meanwhile: requests and connections while memory is short,
 * connections beyond their number always. Counts what was refused, by reason. All but {@link #look} may be called by any
 * thread, at the cost of a volatile read.
 */
public final class OverloadMonitor {
    private static final Logger LOG = LoggerFactory.getLogger(OverloadMonitor.class);
    /** A collection stops all event loops, and is asked for no more often. */
    private static final long COLLECTION_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long MIB = 1 << 20;

    private final ProcessResources process;
    private final Overload overload = new Overload();
    private final Map<Resource, LongAdder> requestsRefused = counters();
    private final Map<Resource, LongAdder> connectionsRefused = counters();
    private final LongAdder beyondLimit = new LongAdder();
    private final LongAdder floods = new LongAdder();
    private final LongAdder unsent = new LongAdder();
    private final AtomicInteger connections = new AtomicInteger();
    private final int most;
    private final LongAdder streamsReset = new LongAdder();
    private volatile boolean tight;
    private volatile @Nullable Resource noRequests;
    private volatile @Nullable Resource noConnections;
    private volatile boolean full;
    private boolean collected;
    private long collectedAt;

    public OverloadMonitor(ProcessResources process) {
        this.process = process;
        most = process.connections();
    }

    private static Map<Resource, LongAdder> counters() {
        Map<Resource, LongAdder> counters = new EnumMap<>(Resource.class);
        for (Resource resource : Resource.values()) {
            counters.put(resource, new LongAdder());
        }
        return counters;
    }

    private static void count(Map<Resource, LongAdder> counters, Resource resource) {
        LongAdder counter = counters.get(resource);
        if (counter != null) {
            counter.increment();
        }
    }

    /**
     * Takes readings. One thread.
     *
     * @param now nanoseconds of a monotonic clock
     */
    public void look(long now) {
        for (Resource resource : Resource.values()) {
            Usage usage = process.usage(resource);
            if (overload.heard(resource, usage)) {
                tell(resource, usage);
            }
        }
        tight = overload.cause(Action.RESET_STALLED_STREAMS) != null;
        noRequests = overload.cause(Action.STOP_ACCEPTING_REQUESTS);
        noConnections = overload.cause(Action.STOP_ACCEPTING_CONNECTIONS);
        collectWhenUnsure(now);
    }

    /**
     * What a collection leaves is known when there was one. Where the heap fills, it is due anyway; while requests are
     * refused none may come of itself, as nothing asks for memory.
     */
    private void collectWhenUnsure(long now) {
        boolean unsure = overload.active(Action.STOP_ACCEPTING_REQUESTS, Resource.HEAP)
                || process.heapTaken().percent() >= Action.STOP_ACCEPTING_REQUESTS.begins(Resource.HEAP);
        if (unsure && (!collected || now - collectedAt >= COLLECTION_NANOS)) {
            collected = true;
            collectedAt = now;
            Thread.ofVirtual().name("collection").start(process::collect);
        }
    }

    private void tell(Resource resource, Usage usage) {
        String level = usage.used() / MIB + " of " + usage.limit() / MIB + " MiB of " + resource.label() + " in use";
        Action worst = overload.worst(resource);
        if (worst == null) {
            LOG.info("overload is over: {}", level);
            return;
        }
        LOG.warn(
                "overload: {}: {} until it is less than {} %; give the proxy more memory, or fewer requests at a time",
                level,
                switch (worst) {
                    case RESET_STALLED_STREAMS -> "streams whose client takes nothing are reset";
                    case STOP_ACCEPTING_REQUESTS -> "requests are answered 503";
                    case STOP_ACCEPTING_CONNECTIONS -> "requests are answered 503, and new connections are reset,";
                },
                worst.ends(resource));
    }

    /** Whether what waits for clients is to be kept small, and given up where they take nothing of it. */
    public boolean tight() {
        return tight;
    }

    /** So many streams were reset, or connections closed, whose client took nothing. */
    public void stalledReset(int count) {
        streamsReset.add(count);
    }

    /** Why requests are refused now; null when they are not. */
    public @Nullable Resource noRequests() {
        return noRequests;
    }

    /** A request was refused. */
    public void requestRefused(Resource resource) {
        count(requestsRefused, resource);
    }

    /** A connection that cannot be answered 503, as it does not speak HTTP, was refused in its place. */
    public void connectionRefused(Resource resource) {
        count(connectionsRefused, resource);
    }

    /** Whether a connection to this listener may come. One that does is followed by {@link #connectionClosed}. */
    public boolean admits(CompiledListener listener) {
        Resource scarce = noConnections;
        if (scarce != null && !listener.bypassesOverload()) {
            count(connectionsRefused, scarce);
            return false;
        }
        int open = connections.incrementAndGet();
        if (open > most && !listener.ignoresConnectionLimit()) {
            connections.decrementAndGet();
            beyondLimit.increment();
            if (!full) {
                full = true;
                LOG.warn(
                        "new connections are reset: {} are open, and the process may have {} (half of its limit of open"
                                + " files, ulimit -n)",
                        open - 1,
                        most);
            }
            return false;
        }
        if (full && open < most - most / 10) {
            full = false;
        }
        return true;
    }

    /** A connection was ended as it sent more of what costs work than it may. */
    public void flooded() {
        floods.increment();
    }

    /** So many answers were given up as their client took nothing of them. */
    public void unsent(int count) {
        unsent.add(count);
    }

    /** A connection that was admitted is gone. */
    public void connectionClosed() {
        connections.decrementAndGet();
    }

    /** All of it as metrics (Prometheus, "Text-based format"). */
    public String metrics() {
        StringBuilder text = new StringBuilder(1024);
        text.append("# TYPE lateen_overload_usage_ratio gauge\n");
        for (Resource resource : Resource.values()) {
            Usage usage = process.usage(resource);
            double share = usage.limit() <= 0 ? 0 : (double) usage.used() / usage.limit();
            line(text, "lateen_overload_usage_ratio", resource.label())
                    .append(share)
                    .append('\n');
        }
        text.append("# TYPE lateen_overload_active gauge\n");
        state(text, Action.RESET_STALLED_STREAMS, tight);
        state(text, Action.STOP_ACCEPTING_REQUESTS, noRequests != null);
        state(text, Action.STOP_ACCEPTING_CONNECTIONS, noConnections != null);
        text.append("# TYPE lateen_overload_streams_reset_total counter\nlateen_overload_streams_reset_total ")
                .append(streamsReset.sum())
                .append('\n');
        text.append("# TYPE lateen_overload_requests_refused_total counter\n");
        requestsRefused.forEach(
                (resource, refused) -> line(text, "lateen_overload_requests_refused_total", resource.label())
                        .append(refused.sum())
                        .append('\n'));
        text.append("# TYPE lateen_overload_connections_refused_total counter\n");
        connectionsRefused.forEach(
                (resource, refused) -> line(text, "lateen_overload_connections_refused_total", resource.label())
                        .append(refused.sum())
                        .append('\n'));
        line(text, "lateen_overload_connections_refused_total", "connections")
                .append(beyondLimit.sum())
                .append('\n');
        text.append("# TYPE lateen_http2_floods_total counter\nlateen_http2_floods_total ")
                .append(floods.sum())
                .append("\n# TYPE lateen_http2_answers_unsent_total counter\nlateen_http2_answers_unsent_total ")
                .append(unsent.sum())
                .append('\n');
        text.append("# TYPE lateen_downstream_connections gauge\nlateen_downstream_connections ")
                .append(connections.get())
                .append("\n# TYPE lateen_downstream_connections_limit gauge\nlateen_downstream_connections_limit ")
                .append(most)
                .append('\n');
        return text.toString();
    }

    private static void state(StringBuilder text, Action action, boolean active) {
        text.append("lateen_overload_active{action=\"")
                .append(action.label())
                .append("\"} ")
                .append(active ? 1 : 0)
                .append('\n');
    }

    private static StringBuilder line(StringBuilder text, String metric, String resource) {
        return text.append(metric).append("{resource=\"").append(resource).append("\"} ");
    }
}
