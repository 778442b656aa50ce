package dev.lateen.cluster.streams;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Just enough of an API server, without TLS, for kubectl to find one pod and open streams to it. */
final class StreamServer implements AutoCloseable {
    private static final Pattern POD =
            Pattern.compile("/api/v1/namespaces/([^/]+)/pods/([^/?]+)(?:/([a-z]+))?(?:\\?.*)?");
    private static final String API = """
            {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[
             {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list","watch"]}]}""";

    final LocalProcesses node = new LocalProcesses();
    final BlockingQueue<Channel> connections = new LinkedBlockingQueue<>();
    final BlockingQueue<String> protocols = new LinkedBlockingQueue<>();
    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel listener;
    private final PodStreams streams = new PodStreams(node, (namespace, pod) -> switch (pod) {
        case "web" -> new PodTarget(pod, true, List.of("app"), List.of(), List.of());
        case "two" -> new PodTarget(pod, true, List.of("app", "stopped"), List.of("setup"), List.of());
        case "pending" -> new PodTarget(pod, false, List.of("app"), List.of(), List.of());
        default -> null;
    });

    StreamServer() {
        listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        connections.add(channel);
                        channel.pipeline()
                                .addLast("http", new HttpServerCodec())
                                .addLast("aggregator", new HttpObjectAggregator(65536))
                                .addLast("api", new Api());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    String uri(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class Api extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
            String uri = request.uri();
            Matcher pod = POD.matcher(uri);
            if (uri.startsWith("/api/v1?") || uri.equals("/api/v1")) {
                answer(ctx, 200, API);
            } else if (uri.startsWith("/apis")) {
                answer(ctx, 200, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[]}");
            } else if (uri.startsWith("/api?") || uri.equals("/api")) {
                answer(ctx, 200, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}");
            } else if (!pod.matches()) {
                answer(ctx, 404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":404,\"reason\":\"NotFound\"}");
            } else if (pod.group(3) == null) {
                answer(ctx, 200, pod(pod.group(2)));
            } else if (pod.group(3).equals("log")) {
                streams.logs(ctx, request, pod.group(1), pod.group(2));
            } else {
                protocols.add(request.headers().get("Upgrade", "none"));
                streams.upgrade(ctx, request, pod.group(1), pod.group(2), pod.group(3));
            }
        }

        private static String pod(String name) {
            return """
                    {"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","namespace":"shop","uid":"1"},
                     "spec":{"containers":[{"name":"app","image":"a","stdin":true}]},"status":{"phase":"Running"}}""".formatted(name);
        }

        private static void answer(ChannelHandlerContext ctx, int code, String body) {
            var response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.valueOf(code),
                    Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
            response.headers()
                    .set("Content-Type", "application/json")
                    .setInt("Content-Length", response.content().readableBytes());
            var _ = ctx.writeAndFlush(response);
        }
    }
}
