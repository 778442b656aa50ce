package dev.lateen.cluster.streams;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;

/** Writes to a client at the client's pace. */
final class ClientWrites {
    /** A client that was told the end has so long to close before we do. */
    private static final int LINGER_SECONDS = 5;

    private ClientWrites() {}

    /** Closes the connection unless the client does it first, which loses no byte that is still on its way to it. */
    static void closeSoon(Channel channel) {
        var _ = channel.eventLoop()
                .schedule(
                        () -> {
                            var _ = channel.close();
                        },
                        LINGER_SECONDS,
                        TimeUnit.SECONDS);
    }

    /** Writes, and waits until the socket took it all; never on an event loop. */
    static void write(Channel channel, Object message) throws IOException {
        await(channel.writeAndFlush(message));
    }

    /** Waits for the end of a write. */
    static void await(ChannelFuture written) throws IOException {
        try {
            written.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to the client of a stream");
        }
        if (!written.isSuccess()) {
            throw new IOException("the client of a stream has gone", written.cause());
        }
    }
}
