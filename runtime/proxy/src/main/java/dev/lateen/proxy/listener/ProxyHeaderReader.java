package dev.lateen.proxy.listener;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the header of the PROXY protocol off the beginning of a connection. One event loop. */
final class ProxyHeaderReader extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ProxyHeaderReader.class);

    private final Worker worker;
    private final long timeoutNanos;
    private final boolean optional;
    private final Consumer<ProxyHeader> then;
    private ByteBuf seen = Unpooled.EMPTY_BUFFER;
    private Timer.Timeout timeout = () -> {};

    /**
     * @param timeoutNanos how long the header may take; 0 for ever
     * @param optional whether connections without a header are served
     * @param then adds to the pipeline whoever goes on
     */
    ProxyHeaderReader(Worker worker, long timeoutNanos, boolean optional, Consumer<ProxyHeader> then) {
        this.worker = worker;
        this.timeoutNanos = timeoutNanos;
        this.optional = optional;
        this.then = then;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (timeoutNanos > 0) {
            timeout = worker.timer().after(timeoutNanos, () -> {
                var _ = ctx.close();
            });
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf more = (ByteBuf) message;
        seen = seen.isReadable() ? Unpooled.wrappedBuffer(seen, more) : more;
        try {
            ProxyHeader header = ProxyHeader.of(seen);
            if (header.length() > 0 || (header.equals(ProxyHeader.NONE) && optional)) {
                goOn(ctx, header);
            } else if (header.equals(ProxyHeader.NONE)) {
                throw new ProxyHeader.Malformed("there is none, and the listener wants one");
            }
        } catch (ProxyHeader.Malformed e) {
            LOG.info(
                    "refused a connection from {}: PROXY protocol: {}",
                    ctx.channel().remoteAddress(),
                    e.getMessage());
            var _ = ctx.close();
        }
    }

    private void goOn(ChannelHandlerContext ctx, ProxyHeader header) {
        timeout.cancel();
        ByteBuf rest = seen.skipBytes(header.length());
        seen = Unpooled.EMPTY_BUFFER;
        then.accept(header);
        if (rest.isReadable() && ctx.channel().isActive()) {
            ctx.fireChannelRead(rest);
        } else {
            rest.release();
        }
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
