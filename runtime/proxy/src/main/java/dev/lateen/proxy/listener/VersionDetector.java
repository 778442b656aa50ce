package dev.lateen.proxy.listener;

import dev.lateen.proxy.codec.ServerLimits;
import dev.lateen.proxy.net.Timer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Tells by a connection's first bytes whether its client speaks HTTP/2 (the preface of RFC 9113 section 3.4) or HTTP/1. */
final class VersionDetector extends ChannelInboundHandlerAdapter {
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /** Enough to tell: no method of HTTP/1 goes on like this. */
    private static final int ENOUGH = 16;

    private final Timer timer;
    private final ServerLimits limits;
    private final Consumer<Boolean> http2;
    private Timer.Timeout timeout = () -> {};
    private ByteBuf seen = Unpooled.EMPTY_BUFFER;

    /**
     * @param limits how long a client may say nothing, and how long the beginning of its first head may take
     * @param http2 adds the codec to the pipeline
     */
    VersionDetector(Timer timer, ServerLimits limits, Consumer<Boolean> http2) {
        this.timer = timer;
        this.limits = limits;
        this.http2 = http2;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        limit(ctx, limits.idle());
    }

    private void limit(ChannelHandlerContext ctx, long nanos) {
        timeout.cancel();
        if (nanos > 0) {
            timeout = timer.after(nanos, () -> {
                var _ = ctx.close();
            });
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf more = (ByteBuf) message;
        boolean first = !seen.isReadable();
        seen = seen.isReadable() ? Unpooled.wrappedBuffer(seen, more) : more;
        int length = Math.min(seen.readableBytes(), ENOUGH);
        for (int i = 0; i < length; i++) {
            if (seen.getByte(seen.readerIndex() + i) != PREFACE[i]) {
                decided(ctx, false);
                return;
            }
        }
        if (length == ENOUGH) {
            decided(ctx, true);
        } else if (first) {
            limit(ctx, limits.head());
        }
    }

    private void decided(ChannelHandlerContext ctx, boolean isHttp2) {
        timeout.cancel();
        ByteBuf first = seen;
        seen = Unpooled.EMPTY_BUFFER;
        http2.accept(isHttp2);
        ctx.fireChannelRead(first);
        ctx.pipeline().remove(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        timeout.cancel();
        seen.release();
        seen = Unpooled.EMPTY_BUFFER;
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        var _ = ctx.close();
    }
}
