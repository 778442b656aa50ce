package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Sends reviews to webhooks: to a URL, or to a ready pod behind a service. Blocks; thread-safe. */
final class WebhookClient {
    private static final int MAX_ANSWER = 3 * 1024 * 1024;
    private static final int DEFAULT_TIMEOUT_SECONDS = 10;

    private final ObjectStore store;
    private final PodSockets sockets;
    private final EventLoopGroup loops;

    WebhookClient(ObjectStore store, PodSockets sockets, EventLoopGroup loops) {
        this.store = store;
        this.sockets = sockets;
        this.loops = loops;
    }

    /** Where a webhook is. */
    private record Target(
            String what, java.nio.channels.SocketChannel socket, InetSocketAddress address, String host, String path) {}

    /**
     * Posts a review.
     *
     * @throws IOException when there is no good answer in time; the message names the address
     */
    JsonNode call(JsonNode webhook, ObjectNode review) throws IOException {
        int seconds = webhook.path("timeoutSeconds").asInt(DEFAULT_TIMEOUT_SECONDS);
        JsonNode config = webhook.path("clientConfig");
        Target target = target(config);
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        Channel channel = null;
        try {
            channel = connect(target, trust(config), answer, seconds);
            send(channel, target, Json.write(review));
            return Json.readStored(answer.get(seconds, TimeUnit.SECONDS));
        } catch (TimeoutException e) {
            throw new IOException("Post \"" + target.what() + "\": no answer within " + seconds + " s", e);
        } catch (ExecutionException e) {
            throw new IOException("Post \"" + target.what() + "\": " + reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Post \"" + target.what() + "\": interrupted", e);
        } finally {
            if (channel != null) {
                var _ = channel.close();
            } else {
                target.socket().close();
            }
        }
    }

    private static String reason(ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private Channel connect(Target target, SslContext trust, CompletableFuture<byte[]> answer, int seconds)
            throws IOException, ExecutionException, InterruptedException, TimeoutException {
        target.socket().configureBlocking(false);
        var connecting = new Bootstrap()
                .group(loops)
                .channelFactory(() -> new NioSocketChannel(target.socket()))
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel connection) {
                        var tls = trust.newHandler(
                                connection.alloc(),
                                target.host(),
                                target.address().getPort());
                        connection.pipeline().addLast(tls);
                        connection.pipeline().addLast(new HttpClientCodec(), new HttpObjectAggregator(MAX_ANSWER));
                        connection.pipeline().addLast(new Answer(answer));
                    }
                })
                .connect(target.address());
        if (!connecting.await(seconds, TimeUnit.SECONDS)) {
            var _ = connecting.cancel(true);
            throw new TimeoutException();
        }
        if (!connecting.isSuccess()) {
            throw new ExecutionException(connecting.cause());
        }
        return connecting.channel();
    }

    private static void send(Channel channel, Target target, byte[] body) {
        var request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1, HttpMethod.POST, target.path(), Unpooled.wrappedBuffer(body));
        request.headers()
                .set("Host", target.host())
                .set("Content-Type", Reply.JSON)
                .set("Accept", Reply.JSON)
                .set("Content-Length", body.length)
                .set("Connection", "close");
        var _ = channel.writeAndFlush(request);
    }

    private static SslContext trust(JsonNode config) throws IOException {
        SslContextBuilder builder = SslContextBuilder.forClient();
        String bundle = config.path("caBundle").asString("");
        try {
            if (!bundle.isEmpty()) {
                builder.trustManager(
                        new ByteArrayInputStream(Base64.getDecoder().decode(bundle)));
            }
            return builder.endpointIdentificationAlgorithm("HTTPS").build();
        } catch (IllegalArgumentException e) {
            throw new IOException("its caBundle holds no certificates: " + e.getMessage(), e);
        }
    }

    private Target target(JsonNode config) throws IOException {
        JsonNode service = config.path("service");
        if (service.isObject()) {
            return service(service);
        }
        String url = config.path("url").asString("");
        URI uri = URI.create(url);
        int port = uri.getPort() < 0 ? 443 : uri.getPort();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return new Target(
                url,
                java.nio.channels.SocketChannel.open(),
                new InetSocketAddress(uri.getHost(), port),
                uri.getHost(),
                path + query);
    }

    private Target service(JsonNode reference) throws IOException {
        String namespace = reference.path("namespace").asString("");
        String name = reference.path("name").asString("");
        int port = reference.path("port").asInt(443);
        String path = reference.path("path").asString("/");
        String host = name + "." + namespace + ".svc";
        String what = "https://" + host + ":" + port + path;
        JsonNode service = store.get(new ObjectStore.Key("/services", namespace, name))
                .map(item -> (JsonNode) Json.readStored(item.value()))
                .orElseThrow(() -> new IOException("Post \"" + what + "\": service \"" + name + "\" not found"));
        JsonNode found = service.path("spec")
                .path("ports")
                .valueStream()
                .filter(each -> each.path("port").asInt() == port)
                .findFirst()
                .orElseThrow(() -> new IOException(
                        "Post \"" + what + "\": no service port " + port + " found for service \"" + name + "\""));
        InetSocketAddress address = endpoint(namespace, name, found.path("name").asString(""));
        if (address == null) {
            throw new IOException("Post \"" + what + "\": no endpoints available for service \"" + name + "\"");
        }
        return new Target(what, sockets.open(), address, host, path);
    }

    private @org.jspecify.annotations.Nullable InetSocketAddress endpoint(
            String namespace, String service, String portName) {
        for (ObjectStore.Item item :
                store.list("discovery.k8s.io/endpointslices", namespace).items()) {
            JsonNode slice = Json.readStored(item.value());
            if (!slice.path("metadata")
                    .path("labels")
                    .path("kubernetes.io/service-name")
                    .asString("")
                    .equals(service)) {
                continue;
            }
            for (JsonNode port : slice.path("ports")) {
                if (!port.path("name").asString("").equals(portName)) {
                    continue;
                }
                for (JsonNode endpoint : slice.path("endpoints")) {
                    if (endpoint.path("conditions").path("ready").asBoolean(true)) {
                        String ip = endpoint.path("addresses").path(0).asString("");
                        return new InetSocketAddress(ip, port.path("port").asInt());
                    }
                }
            }
        }
        return null;
    }

    private static final class Answer extends SimpleChannelInboundHandler<FullHttpResponse> {
        private final CompletableFuture<byte[]> answer;

        Answer(CompletableFuture<byte[]> answer) {
            this.answer = answer;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
            if (response.status().code() == 200) {
                answer.complete(ByteBufUtil.getBytes(response.content()));
            } else {
                answer.completeExceptionally(new IOException("the answer is " + response.status()));
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            answer.completeExceptionally(new IOException("the connection was closed without an answer"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            answer.completeExceptionally(cause);
            var _ = ctx.close();
        }
    }
}
