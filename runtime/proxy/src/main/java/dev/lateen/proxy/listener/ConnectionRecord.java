package dev.lateen.proxy.listener;

import dev.lateen.proxy.http.ConnectionContext;
import dev.lateen.proxy.http.ConnectionInfo;
import dev.lateen.proxycore.listener.CompiledListener;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/**
 * The record of one connection of a listener that logs its connections ({@code Listener.access_log}), whatever they
 * carry and whether or not a filter chain takes them: one line each when they end. It stands nearest to the socket and
 * counts what goes over it. One event loop.
 */
final class ConnectionRecord extends ChannelDuplexHandler implements ConnectionContext {
    private final ConnectionInfo info;
    private long received;
    private long sent;

    private ConnectionRecord(ConnectionInfo info) {
        this.info = info;
    }

    /** Begins the record of this connection, where its listener logs any. */
    static void begin(Channel channel, CompiledListener listener, ConnectionInfo info) {
        if (!listener.accessLogs().isEmpty()) {
            ConnectionRecord record = new ConnectionRecord(info);
            channel.pipeline().addFirst("record", record);
            var _ = channel.closeFuture().addListener(_ -> record.log(listener.accessLogs()));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        received += message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        sent += message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
        var _ = ctx.write(message, promise);
    }

    @Override
    public ConnectionInfo info() {
        return info;
    }

    @Override
    public long received() {
        return received;
    }

    @Override
    public long sent() {
        return sent;
    }

    @Override
    public String logType() {
        return "NotSet";
    }
}
