package dev.lateen.proxy.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;

/** An endpoint's side that is a socket of its own. */
final class SocketUpstream implements Upstream {
    private final Channel channel;
    private final Channel client;

    SocketUpstream(Channel channel, Channel client) {
        this.channel = channel;
        this.client = client;
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    @Override
    public void write(ByteBuf data) {
        var _ = channel.writeAndFlush(data);
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void endOutput() {
        Client.endOutput(channel, () -> {
            var _ = client.close();
        });
    }

    @Override
    public void resume() {
        Client.readOn(channel);
    }

    @Override
    public void finish() {
        var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void close() {
        var _ = channel.close();
    }

    @Override
    public void abort() {
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        var _ = channel.close();
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    /** Hears the endpoint, from the moment on in which its socket is made. */
    static final class Back extends ChannelInboundHandlerAdapter {
        private final Client client;

        Back(Client client) {
            this.client = client;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(false);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!client.write((ByteBuf) message)) {
                ctx.channel().config().setAutoRead(false);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (ctx.channel().isWritable()) {
                client.resume();
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                client.endOutput(() -> {
                    var _ = ctx.channel().close();
                });
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            client.finish();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            client.abort();
            var _ = ctx.close();
        }
    }
}
