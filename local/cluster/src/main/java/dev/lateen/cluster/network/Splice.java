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
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One end of a pair of connections: moves its bytes to the other end, reads the next part only when the last one is
 * written, passes an end of stream on as one, and a reset as a reset. Its channel has auto-read off and half-closure
 * allowed, and has this handler from the beginning: epoll reads what came before an end of stream without being asked,
 * so what arrives before the ends are joined is held, one read of it. Both ends are on one event loop.
 */
final class Splice extends ChannelInboundHandlerAdapter {
    private final Queue<Object> held = new ArrayDeque<>();
    private @Nullable Channel channel;
    private @Nullable Channel peer;
    private boolean ended;

    /** Joins two ends whose channels are connected, and starts to read from both. */
    static void join(Splice one, Splice other) {
        Channel first = Objects.requireNonNull(one.channel, "the handler is in its channel");
        Channel second = Objects.requireNonNull(other.channel, "the handler is in its channel");
        if (!first.isActive() || !second.isActive()) {
            reset(first);
            reset(second);
            return;
        }
        one.passTo(second);
        other.passTo(first);
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

    private void passTo(Channel other) {
        peer = other;
        for (Object message = held.poll(); message != null; message = held.poll()) {
            pass(message, other);
        }
        if (ended) {
            passEnd(other);
        }
    }

    /** Asks for the next part. After the end of the stream there is none, and Netty closes a channel that asks then. */
    private void read() {
        if (!ended) {
            Objects.requireNonNull(channel).read();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel = ctx.channel();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (peer == null) {
            held.add(message);
        } else {
            pass(message, peer);
        }
    }

    private void pass(Object message, Channel other) {
        Channel own = Objects.requireNonNull(channel);
        var _ = other.writeAndFlush(message).addListener((ChannelFuture written) -> {
            if (written.isSuccess()) {
                read();
            } else {
                reset(own);
            }
        });
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && !ended) {
            ended = true;
            if (peer != null) {
                passEnd(peer);
            }
        }
    }

    private void passEnd(Channel other) {
        Channel own = Objects.requireNonNull(channel);
        var _ = other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFuture flushed) -> {
            if (other instanceof DuplexChannel duplex && duplex.isActive()) {
                var _ = duplex.shutdownOutput();
                if (duplex.isInputShutdown()) {
                    var _ = duplex.close();
                    var _ = own.close();
                }
            }
        });
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        held.forEach(ReferenceCountUtil::release);
        held.clear();
        if (peer != null && peer.isActive()) {
            var _ = peer.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (peer != null) {
            reset(peer);
        }
        var _ = ctx.close();
    }
}
