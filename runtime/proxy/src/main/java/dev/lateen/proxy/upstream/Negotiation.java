package dev.lateen.proxy.upstream;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;

/** Keeps the place of a protocol that is not agreed on yet, and what comes for it meanwhile. One event loop. */
final class Negotiation extends ChannelInboundHandlerAdapter {
    private final Queue<Object> early = new ArrayDeque<>();

    /** The protocol takes its place. */
    void settle(ChannelHandlerContext ctx, ChannelHandler protocol) {
        ctx.pipeline().addAfter(ctx.name(), "negotiated", protocol);
        for (Object message = early.poll(); message != null; message = early.poll()) {
            ctx.fireChannelRead(message);
        }
        ctx.pipeline().remove(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        early.add(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        early.forEach(ReferenceCountUtil::release);
        early.clear();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Whoever asked for the connection is told by the handshake.
        var _ = ctx.close();
    }
}
