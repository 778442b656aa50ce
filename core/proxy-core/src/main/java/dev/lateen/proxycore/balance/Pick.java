package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.cluster.Host;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What a balancer may know of the request that needs a host. One per request, used for all its tries. */
public final class Pick {
    private final RandomGenerator random;
    private long hash;
    private int attempts = 1;
    private @Nullable List<Host> tried;
    private @Nullable PreviousPriorities previousPriorities;
    private @Nullable InetSocketAddress destination;
    private @Nullable InetSocketAddress lookedUp;
    private Trace trace = Trace.NONE;

    /** A request of which nothing matters; the source of randomness is used by one thread at a time. */
    public Pick(RandomGenerator random) {
        this.random = random;
    }

    /** The hash of the route's hash policies; 0 for none, and then one is drawn. */
    public Pick hash(long value) {
        hash = value;
        return this;
    }

    /** How often the balancer may choose anew to avoid hosts that were tried; at least 1. */
    public Pick attempts(int number) {
        attempts = number;
        return this;
    }

    /** After how many tries the next ones leave their priorities out; 0 for never. */
    public Pick leavingPriorities(int every) {
        previousPriorities = every == 0 ? null : new PreviousPriorities(every);
        return this;
    }

    /** The address that the client dialled, or a header named: for clusters of the original destination. */
    public Pick destination(@Nullable InetSocketAddress address) {
        destination = address;
        return this;
    }

    /** The address of the name that the request asks for: for clusters of {@code Discovery.ByRequest}. */
    public Pick lookedUp(@Nullable InetSocketAddress address) {
        lookedUp = address;
        return this;
    }

    /** Takes the reasons. */
    public Pick trace(Trace sink) {
        trace = sink;
        return this;
    }

    /** Notes that a host was tried, so that a retry looks for another. */
    public void tried(Host host) {
        if (tried == null) {
            tried = new ArrayList<>(4);
        }
        tried.add(host);
        if (previousPriorities != null) {
            previousPriorities.tried(host);
        }
    }

    RandomGenerator random() {
        return random;
    }

    long hash() {
        return hash;
    }

    int attempts() {
        return attempts;
    }

    @Nullable
    PreviousPriorities previousPriorities() {
        return previousPriorities;
    }

    @Nullable
    InetSocketAddress destination() {
        return destination;
    }

    @Nullable
    InetSocketAddress lookedUp() {
        return lookedUp;
    }

    Trace trace() {
        return trace;
    }

    boolean wasTried(Host host) {
        return tried != null && tried.contains(host);
    }
}
