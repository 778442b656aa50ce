package dev.lateen.proxy.codec;

import dev.lateen.proxycore.listener.HttpConnectionManager;
import java.time.Duration;
import java.util.stream.LongStream;

/**
 * How long one connection of a server and what is on it may take, in nanoseconds, and how many requests it may carry; 0
 * means without limit.
 *
 * @param idle how long the connection may be without a request
 * @param head how long the head of a request may take from its first byte
 * @param life how long the connection may live; then its end is announced
 * @param drain how long requests are still taken after its end was announced
 * @param delayedClose how long a client may take to read the last answer; 0 means that it is not waited for
 * @param requests how many requests it may carry
 * @param flush for how long an answer that is complete waits for a client that takes nothing of it, over HTTP/2, where others
 *     go on beside it
 */
public record ServerLimits(long idle, long head, long life, long drain, long delayedClose, int requests, long flush) {
    /** No limit, and Envoy's defaults for the two steps of an end: 5 s and 1 s. */
    public static final ServerLimits NONE = new ServerLimits(
            0, 0, 0, Duration.ofSeconds(5).toNanos(), Duration.ofSeconds(1).toNanos(), 0, 0);

    /** Those of a connection manager. A head that is not there in time is late for each limit of its stream. */
    public static ServerLimits of(HttpConnectionManager manager) {
        HttpConnectionManager.Timeouts timeouts = manager.timeouts();
        long head = LongStream.of(
                        timeouts.requestHeaders().toNanos(),
                        timeouts.request().toNanos(),
                        timeouts.streamIdle().toNanos(),
                        timeouts.streamDuration().toNanos())
                .filter(nanos -> nanos > 0)
                .min()
                .orElse(0);
        return new ServerLimits(
                timeouts.connectionIdle().toNanos(),
                head,
                timeouts.connectionDuration().toNanos(),
                timeouts.drain().toNanos(),
                timeouts.delayedClose().toNanos(),
                manager.limits().requestsPerConnection(),
                timeouts.streamIdle().toNanos());
    }

    /** The same with this limit of heads. */
    public ServerLimits withHead(long nanos) {
        return new ServerLimits(idle, nanos, life, drain, delayedClose, requests, flush);
    }
}
