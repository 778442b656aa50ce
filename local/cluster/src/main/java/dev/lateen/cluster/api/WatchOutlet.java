package dev.lateen.cluster.api;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import java.util.Arrays;

/** Where the events of a watch go: lines of one long answer, or messages of a WebSocket when the client asks for one. */
sealed interface WatchOutlet {
    /** Tells the client that the watch has begun. */
    void open() throws InterruptedException;

    /** Sends one event. Waits for the socket: a slow client holds its own thread, not the server's memory. */
    void event(byte[] json) throws InterruptedException;

    /** Tells the client that the watch is over. */
    void end();

    /** The one that the request asks for. */
    static WatchOutlet of(ChannelHandlerContext ctx, FullHttpRequest request) {
        return request.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)
                ? new Messages(ctx, request)
                : new Lines(ctx);
    }

    /** One JSON text a line, in chunks. */
    record Lines(ChannelHandlerContext ctx) implements WatchOutlet {
        @Override
        public void open() {
            HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            head.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/json");
            head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            var _ = ctx.writeAndFlush(head);
        }

        @Override
        public void event(byte[] json) throws InterruptedException {
            byte[] line = Arrays.copyOf(json, json.length + 1);
            line[json.length] = '\n';
            var _ = ctx.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(line)))
                    .await();
        }

        @Override
        public void end() {
            var _ = ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    /** One JSON text a message (RFC 6455), as client libraries ask for. */
    record Messages(ChannelHandlerContext ctx, FullHttpRequest request) implements WatchOutlet {
        @Override
        public void open() throws InterruptedException {
            var handshaker = new WebSocketServerHandshakerFactory("wss://cluster" + request.uri(), null, false)
                    .newHandshaker(request);
            if (handshaker == null) {
                var _ = WebSocketServerHandshakerFactory.sendUnsupportedVersionResponse(ctx.channel())
                        .await();
                var _ = ctx.close();
                return;
            }
            request.retain();
            // On the event loop, so that no frame of the client meets the pipeline half changed.
            var _ = ctx.executor()
                    .submit(() -> {
                        try {
                            var _ = handshaker.handshake(ctx.channel(), request);
                            var _ = ctx.pipeline().replace("api", "watch", new Frames());
                        } finally {
                            request.release();
                        }
                    })
                    .await();
        }

        @Override
        public void event(byte[] json) throws InterruptedException {
            var _ = ctx.channel()
                    .writeAndFlush(new TextWebSocketFrame(Unpooled.wrappedBuffer(json)))
                    .await();
        }

        @Override
        public void end() {
            var _ = ctx.channel()
                    .writeAndFlush(new CloseWebSocketFrame(1000, ""))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** What a watching client may say: that it is there, and that it goes. */
    final class Frames extends SimpleChannelInboundHandler<WebSocketFrame> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
            switch (frame) {
                case PingWebSocketFrame ping -> {
                    var _ = ctx.writeAndFlush(
                            new PongWebSocketFrame(ping.content().retain()));
                }
                case CloseWebSocketFrame close -> {
                    var _ = ctx.writeAndFlush(close.retain()).addListener(ChannelFutureListener.CLOSE);
                }
                default -> {}
            }
        }
    }
}
