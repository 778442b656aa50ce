package dev.lateen.proxy.dns;

import dev.lateen.proxy.net.SocketTuning;
import dev.lateen.proxy.net.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the pod's resolvers what the mesh does not know, one after the other, with the query's own bytes. Lives on one
 * event loop.
 */
final class Resolvers {
    private static final int TRY_MILLIS = 2000;
    private static final int LONGEST = 0xFFFF;
    /** More at once are answered with a failure: each holds a socket. */
    private static final int AT_ONCE = 1000;

    private final Sockets sockets;
    private final EventLoop loop;
    private final List<InetSocketAddress> servers;
    private int open;

    Resolvers(Sockets sockets, EventLoop loop, List<InetSocketAddress> servers) {
        this.sockets = sockets;
        this.loop = loop;
        this.servers = servers;
    }

    /**
     * Forwards a query.
     *
     * @param answer gets the answer's bytes, null when no server gave one; once
     */
    void ask(byte[] query, boolean tcp, Consumer<byte @Nullable []> answer) {
        if (open >= AT_ONCE || query.length < Question.HEADER) {
            answer.accept(null);
            return;
        }
        open++;
        ask(query, tcp, 0, bytes -> {
            open--;
            answer.accept(bytes);
        });
    }

    private void ask(byte[] query, boolean tcp, int index, Consumer<byte @Nullable []> answer) {
        if (index == servers.size()) {
            answer.accept(null);
            return;
        }
        Try one = new Try(query, bytes -> {
            if (bytes == null) {
                ask(query, tcp, index + 1, answer);
            } else {
                answer.accept(bytes);
            }
        });
        InetSocketAddress server = servers.get(index);
        one.begin(tcp ? overTcp(server, one) : overUdp(server, one), loop, tcp, server);
    }

    private ChannelFuture overUdp(InetSocketAddress server, Try one) {
        InetAddress any = InetAddress.ofLiteral(server.getAddress().getAddress().length == 4 ? "0.0.0.0" : "::");
        return sockets.bindDatagram(
                loop, new InetSocketAddress(any, 0), new SimpleChannelInboundHandler<DatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
                        if (packet.sender().equals(server)) {
                            one.heard(ByteBufUtil.getBytes(packet.content()));
                        }
                    }
                });
    }

    private ChannelFuture overTcp(InetSocketAddress server, Try one) {
        return sockets.connect(loop, server, null, SocketTuning.NONE, TRY_MILLIS, new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(new LengthFieldBasedFrameDecoder(LONGEST + 2, 0, 2, 0, 2))
                        .addLast(new SimpleChannelInboundHandler<ByteBuf>() {
                            @Override
                            protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
                                one.heard(ByteBufUtil.getBytes(message));
                            }

                            @Override
                            public void channelInactive(ChannelHandlerContext context) {
                                one.end(null);
                            }

                            @Override
                            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                                one.end(null);
                            }
                        });
            }
        });
    }

    /** One question to one server. */
    private static final class Try {
        private final byte[] query;
        private final Consumer<byte @Nullable []> done;
        private @Nullable Channel channel;
        private @Nullable ScheduledFuture<?> timeout;
        private boolean ended;

        Try(byte[] query, Consumer<byte @Nullable []> done) {
            this.query = query;
            this.done = done;
        }

        void begin(ChannelFuture opening, EventLoop loop, boolean tcp, InetSocketAddress server) {
            channel = opening.channel();
            timeout = loop.schedule(() -> end(null), TRY_MILLIS, TimeUnit.MILLISECONDS);
            opening.addListener(opened -> {
                if (!opened.isSuccess()) {
                    end(null);
                    return;
                }
                ByteBuf bytes = tcp
                        ? Unpooled.wrappedBuffer(new byte[] {(byte) (query.length >> 8), (byte) query.length}, query)
                        : Unpooled.wrappedBuffer(query);
                var _ = opening.channel().writeAndFlush(tcp ? bytes : new DatagramPacket(bytes, server));
            });
        }

        /** Something came; only an answer to this question counts. */
        void heard(byte[] bytes) {
            if (bytes.length >= Question.HEADER && bytes[0] == query[0] && bytes[1] == query[1]) {
                end(bytes);
            }
        }

        void end(byte @Nullable [] answer) {
            if (ended) {
                return;
            }
            ended = true;
            if (timeout != null) {
                timeout.cancel(false);
            }
            if (channel != null) {
                var _ = channel.close();
            }
            done.accept(answer);
        }
    }
}
