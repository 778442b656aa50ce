package dev.lateen.proxy.tcp;

import dev.lateen.proxy.net.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;

/** The client's side of a connection that is passed on, as the endpoint's side sees it. One event loop. */
final class Client {
    private final Channel channel;
    private final TunnelRecord record;
    private final TunnelTime time;

    Client(Channel channel, TunnelRecord record, TunnelTime time) {
        this.channel = channel;
        this.record = record;
        this.time = time;
    }

    Channel channel() {
        return channel;
    }

    /** Passes on what the endpoint said; whether the client keeps up. */
    boolean write(ByteBuf data) {
        record.sent(data.readableBytes());
        time.touch();
        var _ = channel.writeAndFlush(data);
        return channel.isWritable();
    }

    boolean writable() {
        return channel.isWritable();
    }

    /** The endpoint keeps up. */
    void resume() {
        readOn(channel);
    }

    /**
     * The endpoint has said all, and hears what the client has to say.
     *
     * @param bothEnded runs when the client has said all, too
     */
    void endOutput(Runnable bothEnded) {
        endOutput(channel, bothEnded);
    }

    /** The endpoint is gone: ends behind what was written. */
    void finish() {
        if (channel.isActive() && !record.dropped()) {
            var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** The endpoint broke off: so is the client's connection. */
    void abort() {
        if (!record.dropped()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            var _ = channel.close();
        }
    }

    /** The endpoint's side is gone, after the client's maybe. */
    void upstreamClosed() {
        if (!channel.isOpen()) {
            time.end();
        }
    }

    /** One side has said all: so has this proxy to the other, behind what it still has; when both have, both are closed. */
    static void endOutput(Channel to, Runnable bothEnded) {
        var _ = to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> {
            if (to instanceof DuplexChannel duplex && duplex.isActive()) {
                var _ = duplex.shutdownOutput().addListener(_ -> {
                    if (duplex.isInputShutdown()) {
                        var _ = duplex.close();
                        bothEnded.run();
                    }
                });
            }
        });
    }

    /** Reads from now on, unless its end was read. */
    static void readOn(Channel channel) {
        if (!Sockets.inputEnded(channel)) {
            channel.config().setAutoRead(true);
        }
    }
}
