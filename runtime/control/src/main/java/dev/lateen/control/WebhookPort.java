package dev.lateen.control;

import dev.lateen.control.webhook.Webhooks;
import dev.lateen.xds.server.ConnectionLimit;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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

    private WebhookPort() {}

    /**
     * @param exceeded takes the name of a limit each time that a caller is cut off for it
     * @throws IOException if the address is taken; names it
     */
    static HttpPort open(InetSocketAddress address, SslContext tls, Webhooks webhooks, Consumer<String> exceeded)
            throws IOException {
        Semaphore bytes = new Semaphore(BYTES);
        return HttpPort.open(
                address,
                "admission webhooks",
                // API servers may all come through one tunnel, hence from one address.
                new ConnectionLimit(CONNECTIONS, CONNECTIONS, () -> exceeded.accept("connections")),
                pipeline -> pipeline.addLast(
                        tls.newHandler(pipeline.channel().alloc()),
                        new Limits(bytes, () -> exceeded.accept("webhook_bytes"))),
                LARGEST_REVIEW,
                request -> answer(webhooks, request));
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
        private final Semaphore bytes;
        private final Runnable exceeded;
        private int held;
        private @Nullable ScheduledFuture<?> deadline;

        Limits(Semaphore bytes, Runnable exceeded) {
            this.bytes = bytes;
            this.exceeded = exceeded;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            int size = message instanceof ByteBuf data ? data.readableBytes() : 0;
            if (!bytes.tryAcquire(size)) {
                ReferenceCountUtil.release(message);
                exceeded.run();
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
        public void channelInactive(ChannelHandlerContext ctx) {
            release();
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
