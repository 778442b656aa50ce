package dev.lateen.control;

import dev.lateen.xds.server.ConnectionLimit;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP port, whose answers are made on virtual threads. It holds so many connections, and ends those on which
 * nothing has passed for two minutes.
 */
final class HttpPort implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HttpPort.class);
    private static final int LARGEST_REQUEST = 64 << 10;

    private static final int CONNECTIONS = 256;

    /** So that whoever scrapes and probes is served, whatever one pod does. */
    private static final int CONNECTIONS_OF_ONE = 64;

    /** API servers keep connections for 90 s: they, and not this side, should be those that end them. */
    private static final Duration IDLE = Duration.ofMinutes(2);

    private final EventLoopGroup loop;
    private final Channel server;

    private HttpPort(EventLoopGroup loop, Channel server) {
        this.loop = loop;
        this.server = server;
    }

    /** A request whose body has come whole. */
    @SuppressWarnings("ArrayRecordComponent") // read once
    record Request(String method, String uri, InetAddress caller, byte[] body) {}

    /** Answers requests; may wait. */
    interface Service {
        HttpPages.Answer answer(Request request);
    }

    /**
     * A port in the clear of pages that are only read.
     *
     * @param refused runs for each connection that is closed, as there are too many
     * @throws IOException if the address is taken; names it and what it was for
     */
    static HttpPort open(InetSocketAddress address, String what, HttpPages pages, Runnable refused) throws IOException {
        return open(
                address,
                what,
                new ConnectionLimit(CONNECTIONS, CONNECTIONS_OF_ONE, refused),
                _ -> {},
                LARGEST_REQUEST,
                request -> pages.answer(request.uri(), request.caller()));
    }

    /**
     * @param limit of this port alone
     * @param below puts what stands below HTTP into the pipeline of a new connection
     * @param largest body of a request, in bytes; a larger one is answered 413
     * @throws IOException if the address is taken; names it and what it was for
     */
    static HttpPort open(
            InetSocketAddress address,
            String what,
            ConnectionLimit limit,
            Consumer<ChannelPipeline> below,
            int largest,
            Service service)
            throws IOException {
        var loop = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(what, true), NioIoHandler.newFactory());
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .handler(limit)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new IdleStateHandler(0, 0, IDLE.toSeconds(), TimeUnit.SECONDS));
                        below.accept(channel.pipeline());
                        channel.pipeline()
                                .addLast(
                                        new HttpServerCodec(),
                                        new HttpServerKeepAliveHandler(),
                                        new HttpObjectAggregator(largest, true),
                                        new FlowControlHandler(),
                                        new Requests(service));
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            var _ = loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new IOException(
                    "cannot open port " + address.getPort() + " for " + what + ": "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
        return new HttpPort(loop, bound.channel());
    }

    int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    @Override
    public void close() {
        var _ = server.close().awaitUninterruptibly();
        var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    /** Hands each request to a thread that may wait; the next one of a connection is read when it is answered. */
    private static final class Requests extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final Service service;

        Requests(Service service) {
            this.service = service;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
            ctx.channel().config().setAutoRead(false);
            Request asked = new Request(
                    request.method().name(),
                    request.uri(),
                    ((InetSocketAddress) ctx.channel().remoteAddress()).getAddress(),
                    ByteBufUtil.getBytes(request.content()));
            boolean head = request.method().equals(HttpMethod.HEAD);
            Thread.ofVirtual().start(() -> {
                HttpPages.Answer answer = service.answer(asked);
                ByteBuf body = Unpooled.copiedBuffer(answer.body(), StandardCharsets.UTF_8);
                var response = new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(answer.status()),
                        head ? Unpooled.EMPTY_BUFFER : body);
                response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
                response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
                var _ = ctx.writeAndFlush(response)
                        .addListener(_ -> ctx.channel().config().setAutoRead(true));
            });
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof IdleStateEvent) {
                var _ = ctx.close();
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, @Nullable Throwable cause) {
            log.debug("A connection broke: {}", String.valueOf(cause));
            var _ = ctx.close();
        }
    }
}
