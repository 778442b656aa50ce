package dev.lateen.cluster.network;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;

/**
 * Moves one direction's bytes of a pair of connections: reads the next part only when the last one is written, passes
 * an end of stream on as one, and a reset as a reset. Both channels have auto-read off and half-closure allowed.
 */
final class Splice extends ChannelInboundHandlerAdapter {
    private final Channel peer;
    private boolean ended;

    private Splice(Channel peer) {
        this.peer = peer;
    }

    /** Joins two connected channels and starts to read from both. */
    static void join(Channel one, Channel other) {
        one.pipeline().addLast(new Splice(other));
        other.pipeline().addLast(new Splice(one));
        one.read();
        other.read();
    }

    /** Closes so that the other side sees a reset. */
    static void reset(Channel channel) {
        if (channel.isOpen()) {
            var _ = channel.config().setOption(ChannelOption.SO_LINGER, 0);
            var _ = channel.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        var _ = peer.writeAndFlush(message).addListener((ChannelFuture written) -> {
            if (written.isSuccess()) {
                ctx.read();
            } else {
                reset(ctx.channel());
            }
        });
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && !ended) {
            ended = true;
            var _ = peer.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFuture flushed) -> {
                if (peer instanceof DuplexChannel duplex && duplex.isActive()) {
                    var _ = duplex.shutdownOutput();
                    if (duplex.isInputShutdown()) {
                        var _ = duplex.close();
                        var _ = ctx.close();
                    }
                }
            });
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (peer.isActive()) {
            var _ = peer.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        reset(peer);
        var _ = ctx.close();
    }
}
