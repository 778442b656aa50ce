package dev.lateen.control;

import dev.lateen.control.webhook.Webhooks;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The port of admission webhooks: HTTPS for whoever reaches it, as an API server shows nobody who it is. So all that a
 * caller can use up is bounded: connections, the bytes of a request, those of all requests together, and the time until a
 * request has come whole.
 */
final class WebhookPort {
    /** Twice what an API server stores at most, since a review may hold an object before and after. */
    static final int LARGEST_REVIEW = 3 << 20;

    private static final int CONNECTIONS = 256;

    /** What is read of requests that are not answered yet; as trees they take many times as much. */
    private static final int BYTES = 2 * LARGEST_REVIEW;

    private static final Duration WHOLE = Duration.ofSeconds(10);

    /** API servers keep connections for 90 s: they, and not this side, should be those that end them. */
    private static final Duration IDLE = Duration.ofMinutes(2);

    private WebhookPort() {}

    /** @throws IOException if the address is taken; names it */
    static HttpPort open(InetSocketAddress address, SslContext tls, Webhooks webhooks) throws IOException {
        AtomicInteger connections = new AtomicInteger();
        Semaphore bytes = new Semaphore(BYTES);
        return HttpPort.open(
                address,
                "admission webhooks",
                pipeline -> below(pipeline, tls, new Limits(connections, bytes)),
                LARGEST_REVIEW,
                request -> answer(webhooks, request));
    }

    private static void below(ChannelPipeline pipeline, SslContext tls, Limits limits) {
        pipeline.addLast(
                new IdleStateHandler(0, 0, IDLE.toSeconds(), TimeUnit.SECONDS),
                tls.newHandler(pipeline.channel().alloc()),
                limits);
    }

    private static HttpPages.Answer answer(Webhooks webhooks, HttpPort.Request request) {
        String path = request.uri().replaceFirst("[?].*", "");
        if (!Webhooks.isPath(path)) {
            return HttpPages.Answer.text(
                    HttpURLConnection.HTTP_NOT_FOUND, "not found; here are /inject and /validate\n");
        }
        if (!request.method().equals("POST")) {
            return HttpPages.Answer.text(HttpURLConnection.HTTP_BAD_METHOD, "reviews are sent by POST\n");
        }
        try {
            return HttpPages.Answer.json(webhooks.answer(path, request.body()));
        } catch (IllegalArgumentException e) {
            return HttpPages.Answer.text(HttpURLConnection.HTTP_BAD_REQUEST, e.getMessage() + "\n");
        }
    }

    /** One connection's part of what all of them may use up; what it asks for counts until it is answered. */
    private static final class Limits extends ChannelDuplexHandler {
        private final AtomicInteger connections;
        private final Semaphore bytes;
        private boolean counted;
        private int held;
        private @Nullable ScheduledFuture<?> deadline;

        Limits(AtomicInteger connections, Semaphore bytes) {
            this.connections = connections;
            this.bytes = bytes;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            counted = true;
            if (connections.incrementAndGet() > CONNECTIONS) {
                var _ = ctx.close();
                return;
            }
            ctx.fireChannelActive();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            int size = message instanceof ByteBuf data ? data.readableBytes() : 0;
            if (!bytes.tryAcquire(size)) {
                ReferenceCountUtil.release(message);
                var _ = ctx.close();
                return;
            }
            held += size;
            if (deadline == null) {
                deadline = ctx.executor()
                        .schedule(
                                () -> {
                                    var _ = ctx.close();
                                },
                                WHOLE.toSeconds(),
                                TimeUnit.SECONDS);
            }
            ctx.fireChannelRead(message);
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            release();
            var _ = ctx.write(message, promise);
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
        public void channelInactive(ChannelHandlerContext ctx) {
            release();
            if (counted) {
                counted = false;
                connections.decrementAndGet();
            }
            ctx.fireChannelInactive();
        }

        private void release() {
            bytes.release(held);
            held = 0;
            if (deadline != null) {
                deadline.cancel(false);
                deadline = null;
            }
        }
    }
}
