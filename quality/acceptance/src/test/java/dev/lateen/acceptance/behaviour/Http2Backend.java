package dev.lateen.acceptance.behaviour;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Programs that speak HTTP/2 in the clear and nothing else; they answer with their name after {@code x-do: delay=MS}, and
 * with it before what comes through a tunnel.
 */
final class Http2Backend implements AutoCloseable {
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Consumer<Arrival> arrivals;
    private final Consumer<String> connections;

    /**
     * @param arrivals told of every request
     * @param connections told the address of every connection
     */
    Http2Backend(Consumer<Arrival> arrivals, Consumer<String> connections) {
        this.arrivals = arrivals;
        this.connections = connections;
    }

    /** @param answersPings whether it says that it is still there, when asked by PING */
    void listen(String pod, String address, int port, boolean answersPings) {
        var _ = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connections.accept(address);
                        channel.pipeline()
                                .addLast(Http2FrameCodecBuilder.forServer()
                                        .autoAckPingFrame(answersPings)
                                        .build())
                                .addLast(new Http2MultiplexHandler(new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel stream) {
                                        stream.pipeline().addLast(new Answer(pod));
                                    }
                                }));
                    }
                })
                .bind(address, port)
                .syncUninterruptibly();
    }

    private final class Answer extends ChannelInboundHandlerAdapter {
        private final String pod;
        private boolean tunnel;

        Answer(String pod) {
            this.pod = pod;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object frame) {
            if (frame instanceof Http2HeadersFrame head) {
                tunnel = "CONNECT".contentEquals(head.headers().method());
                CharSequence target =
                        tunnel ? head.headers().authority() : head.headers().path();
                String path = String.valueOf(target);
                arrivals.accept(new Arrival(pod, String.valueOf(head.headers().method()), path, Map.of(), ""));
                String order = String.valueOf(head.headers().get("x-do"));
                long delay = order.startsWith("delay=") ? Long.parseLong(order.substring("delay=".length())) : 0;
                var _ = ctx.executor().schedule(() -> answer(ctx), delay, TimeUnit.MILLISECONDS);
            } else if (tunnel && frame instanceof Http2DataFrame data) {
                String said = pod + " " + data.content().toString(StandardCharsets.UTF_8);
                var _ = ctx.writeAndFlush(new DefaultHttp2DataFrame(
                        Unpooled.copiedBuffer(said, StandardCharsets.UTF_8), data.isEndStream()));
            }
            ReferenceCountUtil.release(frame);
        }

        private void answer(ChannelHandlerContext ctx) {
            var _ = ctx.write(new DefaultHttp2HeadersFrame(
                    new DefaultHttp2Headers().status("200").add("x-pod", pod)));
            if (tunnel) {
                ctx.flush();
                return;
            }
            var _ = ctx.writeAndFlush(
                    new DefaultHttp2DataFrame(Unpooled.copiedBuffer(pod + "\n", StandardCharsets.UTF_8), true));
        }
    }

    @Override
    public void close() {
        var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
