package dev.lateen.proxycore.limit;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tokens that are taken one by one and come back steadily with time ({@code envoy.type.v3.TokenBucket}, as Envoy fills
 * it: so many per interval, spread over the interval). It is full at first. Thread-safe, without locks: what is kept is
 * the moment at which the bucket would have been empty.
 */
public final class TokenBucket {
    private static final Duration SHORTEST = Duration.ofMillis(50);

    private final long most;
    private final long nanosPerToken;
    private final AtomicLong emptyAt = new AtomicLong(Long.MIN_VALUE);

    /**
     * A full bucket.
     *
     * @param most how many tokens it holds
     * @param nanosPerToken how long one takes to come back
     */
    public TokenBucket(long most, long nanosPerToken) {
        this.most = most;
        this.nanosPerToken = nanosPerToken;
    }

    /** Compiles a bucket. */
    public static TokenBucket of(io.envoyproxy.envoy.type.v3.TokenBucket proto, Place at) throws CompileException {
        Duration interval = at.field("fill_interval").duration(proto.getFillInterval());
        if (proto.getMaxTokens() <= 0) {
            throw at.field("max_tokens").refuse("must be at least 1");
        }
        if (interval.compareTo(SHORTEST) < 0) {
            throw at.field("fill_interval").refuse("must be at least " + SHORTEST.toMillis() + " ms");
        }
        int perFill = proto.hasTokensPerFill() ? at.number(proto.getTokensPerFill()) : 1;
        if (perFill < 1) {
            throw at.field("tokens_per_fill").refuse("must be at least 1");
        }
        return new TokenBucket(proto.getMaxTokens(), Math.max(1, interval.toNanos() / perFill));
    }

    /**
     * Takes a token, if there is one.
     *
     * @param now nanoseconds of one monotonic clock
     */
    public boolean take(long now) {
        while (true) {
            long before = emptyAt.get();
            long full = now - most * nanosPerToken;
            long from = before == Long.MIN_VALUE || before - full < 0 ? full : before;
            long after = from + nanosPerToken;
            if (after - now > 0) {
                return false;
            }
            if (emptyAt.compareAndSet(before, after)) {
                return true;
            }
        }
    }
}
