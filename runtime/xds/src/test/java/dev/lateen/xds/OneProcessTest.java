package dev.lateen.xds;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The chosen parts live together: a delta ADS stream and a proxied HTTP request in one JVM, on one epoll group. */
class OneProcessTest {
    private static final String EDS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

    @Test
    void a_delta_stream_names_the_endpoint_that_a_request_is_proxied_to() throws Exception {
        IoHandlerFactory epoll = EpollIoHandler.newFactory();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, epoll);
        Channel backend = serve(loops, EpollServerSocketChannel.class, new SimpleChannelInboundHandler<>() {
            @Override
            protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
                reply(context, "backend saw " + request.uri());
            }
        });
        Server control = NettyServerBuilder.forAddress(loopback(0))
                .bossEventLoopGroup(loops)
                .workerEventLoopGroup(loops)
                .channelType(EpollServerSocketChannel.class)
                .addService(oneEndpoint((InetSocketAddress) backend.localAddress()))
                .build()
                .start();
        ManagedChannel channel = NettyChannelBuilder.forAddress(loopback(control.getPort()))
                .eventLoopGroup(loops)
                .channelType(EpollSocketChannel.class, InetSocketAddress.class)
                .usePlaintext()
                .build();
        try {
            InetSocketAddress endpoint = subscribe(channel).get(10, TimeUnit.SECONDS);
            Channel proxy = serve(loops, EpollServerSocketChannel.class, new Forward(endpoint));
            int port = ((InetSocketAddress) proxy.localAddress()).getPort();
            try (HttpClient client = HttpClient.newHttpClient()) {
                HttpResponse<String> answer = client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/hello"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.body()).isEqualTo("backend saw /hello");
            }
        } finally {
            channel.shutdownNow();
            control.shutdownNow();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private static AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase oneEndpoint(
            InetSocketAddress backend) {
        var address = Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder()
                        .setAddress(backend.getHostString())
                        .setPortValue(backend.getPort()));
        var endpoints = ClusterLoadAssignment.newBuilder()
                .setClusterName("backend")
                .addEndpoints(LocalityLbEndpoints.newBuilder()
                        .addLbEndpoints(LbEndpoint.newBuilder()
                                .setEndpoint(Endpoint.newBuilder().setAddress(address))))
                .build();
        return new AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase() {
            @Override
            public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                    StreamObserver<DeltaDiscoveryResponse> responses) {
                return observer(request -> responses.onNext(DeltaDiscoveryResponse.newBuilder()
                        .setTypeUrl(request.getTypeUrl())
                        .setNonce("1")
                        .addResources(Resource.newBuilder()
                                .setName("backend")
                                .setVersion("1")
                                .setResource(Any.pack(endpoints)))
                        .build()));
            }
        };
    }

    private static CompletableFuture<InetSocketAddress> subscribe(ManagedChannel channel) {
        CompletableFuture<InetSocketAddress> found = new CompletableFuture<>();
        AggregatedDiscoveryServiceGrpc.newStub(channel)
                .deltaAggregatedResources(observer(response -> {
                    SocketAddress address;
                    try {
                        address = response.getResources(0)
                                .getResource()
                                .unpack(ClusterLoadAssignment.class)
                                .getEndpoints(0)
                                .getLbEndpoints(0)
                                .getEndpoint()
                                .getAddress()
                                .getSocketAddress();
                    } catch (java.io.IOException e) {
                        found.completeExceptionally(e);
                        return;
                    }
                    found.complete(new InetSocketAddress(address.getAddress(), address.getPortValue()));
                }))
                .onNext(DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(EDS)
                        .addResourceNamesSubscribe("backend")
                        .build());
        return found;
    }

    private static <T> StreamObserver<T> observer(java.util.function.Consumer<T> each) {
        return new StreamObserver<>() {
            @Override
            public void onNext(T value) {
                each.accept(value);
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {}
        };
    }

    private static final class Forward extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final InetSocketAddress endpoint;

        Forward(InetSocketAddress endpoint) {
            this.endpoint = endpoint;
        }

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            var onward = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, request.method(), request.uri());
            onward.headers().set("host", "backend");
            new Bootstrap()
                    .group(context.channel().eventLoop())
                    .channel(EpollSocketChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel upstream) {
                            upstream.pipeline()
                                    .addLast(
                                            new HttpClientCodec(),
                                            new HttpObjectAggregator(65536),
                                            new SimpleChannelInboundHandler<FullHttpResponse>() {
                                                @Override
                                                protected void channelRead0(
                                                        ChannelHandlerContext upstream, FullHttpResponse answer) {
                                                    reply(
                                                            context,
                                                            answer.content().toString(UTF_8));
                                                }
                                            });
                        }
                    })
                    .connect(endpoint)
                    .addListener((ChannelFutureListener) connected -> {
                        var _ = connected.channel().writeAndFlush(onward);
                    });
        }
    }

    private static Channel serve(
            EventLoopGroup loops,
            Class<? extends ServerChannel> type,
            SimpleChannelInboundHandler<FullHttpRequest> handler)
            throws InterruptedException {
        return new ServerBootstrap()
                .group(loops)
                .channel(type)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(65536), handler);
                    }
                })
                .bind(loopback(0))
                .sync()
                .channel();
    }

    private static void reply(ChannelHandlerContext context, String body) {
        var answer = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.copiedBuffer(body, UTF_8));
        answer.headers().set("content-length", answer.content().readableBytes());
        var _ = context.writeAndFlush(answer);
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
