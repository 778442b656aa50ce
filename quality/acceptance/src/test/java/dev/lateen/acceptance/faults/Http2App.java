package dev.lateen.acceptance.faults;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2StreamFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * The program of one pod that speaks gRPC, frame by frame: it answers each call with one empty message, or fails as field
 * {@code x-do} asks. Calls that wait for each other are told apart by field {@code x-round}.
 */
final class Http2App implements AutoCloseable {
    static final int PORT = 9090;
    /** So many calls of a round share a connection before something happens to it. */
    static final int TOGETHER = 8;

    private static final byte[] EMPTY_MESSAGE = new byte[5];

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final List<String> arrivals = new CopyOnWriteArrayList<>();
    /** Calls that were refused, and rounds whose connection has ended, once: what comes again is served. */
    private final Set<String> done = ConcurrentHashMap.newKeySet();

    Http2App(String address) {
        var _ = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(Http2FrameCodecBuilder.forServer().build(), new Connection());
                    }
                })
                .bind(address, PORT)
                .syncUninterruptibly();
    }

    /** The ids of calls that were taken. */
    List<String> arrivals() {
        return arrivals;
    }

    /** One connection. */
    private final class Connection extends ChannelInboundHandlerAdapter {
        private final List<Http2FrameStream> round = new ArrayList<>();
        private final List<String> ids = new ArrayList<>();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object frame) {
            if (frame instanceof Http2HeadersFrame head && frame instanceof Http2StreamFrame of) {
                call(ctx, head, of.stream());
            }
            ReferenceCountUtil.release(frame);
        }

        private void call(ChannelHandlerContext ctx, Http2HeadersFrame head, Http2FrameStream stream) {
            String id = String.valueOf(head.headers().get("x-id"));
            String order = String.valueOf(head.headers().get("x-do"));
            String about = order + " " + head.headers().get("x-round");
            if (order.equals("refuse") && done.add(about + id)) {
                var _ = ctx.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.REFUSED_STREAM).stream(stream));
                return;
            }
            if ((order.equals("goaway") || order.equals("reset")) && !done.contains(about)) {
                round.add(stream);
                ids.add(id);
                if (round.size() == TOGETHER) {
                    done.add(about);
                    together(ctx, order);
                }
                return;
            }
            arrivals.add(id);
            switch (order) {
                case "silent" -> {}
                case "cut" -> {
                    begin(ctx, stream);
                    var _ = ctx.executor().schedule(() -> reset(ctx.channel()), 50, TimeUnit.MILLISECONDS);
                }
                default -> answer(ctx, stream);
            }
        }

        /** The calls of a round are all there: takes half of them and says farewell, or takes them all along. */
        private void together(ChannelHandlerContext ctx, String order) {
            if (order.equals("reset")) {
                arrivals.addAll(ids);
                reset(ctx.channel());
                return;
            }
            int taken = TOGETHER / 2;
            arrivals.addAll(ids.subList(0, taken));
            // By hand (RFC 9113 section 6.8): the codec would promise to take all that it has seen.
            ByteBuf farewell = ctx.alloc().buffer(17);
            farewell.writeMedium(8).writeByte(7).writeByte(0).writeInt(0);
            farewell.writeInt(round.get(taken - 1).id()).writeInt(0);
            var _ = ctx.pipeline().firstContext().writeAndFlush(farewell);
            round.subList(0, taken).forEach(stream -> answer(ctx, stream));
            var _ = ctx.executor().schedule(() -> ctx.close(), 500, TimeUnit.MILLISECONDS);
        }

        private void begin(ChannelHandlerContext ctx, Http2FrameStream stream) {
            var _ = ctx.write(new DefaultHttp2HeadersFrame(
                            new DefaultHttp2Headers().status("200").add("content-type", "application/grpc"))
                    .stream(stream));
            var _ = ctx.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(EMPTY_MESSAGE)).stream(stream));
        }

        private void answer(ChannelHandlerContext ctx, Http2FrameStream stream) {
            begin(ctx, stream);
            var _ = ctx.writeAndFlush(
                    new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().add("grpc-status", "0"), true)
                            .stream(stream));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            var _ = ctx.close();
        }
    }

    private static void reset(Channel channel) {
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        // Below the codec, which would say farewell first.
        channel.unsafe().close(channel.voidPromise());
    }

    @Override
    public void close() {
        var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
