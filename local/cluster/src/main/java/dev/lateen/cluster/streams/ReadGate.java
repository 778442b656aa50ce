package dev.lateen.cluster.streams;

import io.netty.channel.Channel;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stops reading from a client while too much of what it sent waits for the pod. One gate per connection, over all of
 * its streams: neither WebSocket nor Kubernetes' use of SPDY has flow control of its own, so TCP's is all there is.
 */
final class ReadGate {
    /** Bytes that may wait before reading stops. */
    static final long HIGH = 256 * 1024;

    private static final long LOW = HIGH / 2;

    private final Channel channel;
    private final AtomicLong waiting = new AtomicLong();

    ReadGate(Channel channel) {
        this.channel = channel;
    }

    /** Counts bytes that came in; on the event loop. */
    void arrived(int bytes) {
        if (waiting.addAndGet(bytes) > HIGH) {
            channel.config().setAutoRead(false);
        }
    }

    /** Counts bytes that were handed on or thrown away; on any thread. */
    void left(long bytes) {
        long now = waiting.addAndGet(-bytes);
        if (now <= LOW && now + bytes > LOW) {
            channel.eventLoop().execute(() -> {
                if (waiting.get() <= HIGH) {
                    channel.config().setAutoRead(true);
                }
            });
        }
    }
}
