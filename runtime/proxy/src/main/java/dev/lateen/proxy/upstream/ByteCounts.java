package dev.lateen.proxy.upstream;

import dev.lateen.proxycore.cluster.ClusterTotals;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** Counts the bytes of one connection to an endpoint, between its protocol and TLS where there is any. */
final class ByteCounts extends ChannelDuplexHandler {
    private final ClusterTotals totals;

    ByteCounts(ClusterTotals totals) {
        this.totals = totals;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            totals.received(bytes.readableBytes());
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            totals.sent(bytes.readableBytes());
        }
        var _ = ctx.write(message, promise);
    }
}
