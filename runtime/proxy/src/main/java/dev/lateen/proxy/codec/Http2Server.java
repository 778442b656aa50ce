package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A server's side of HTTP/2 (RFC 9113), with extended CONNECT (RFC 8441). */
public final class Http2Server extends Http2Codec implements ServerConnection {
    private static final String PROTOCOL = "HTTP/2";

    private final ServerStreams streams;
    private final ServerLimits times;
    private final ServerLife life;
    private final FrameBudget budget;
    private final FrameWatch watch;
    private final PrematureResets resets = new PrematureResets();
    private Timer.@Nullable Timeout headTimeout;
    private int unfinishedHead;
    private long headBegun;
    private long headNanos;
    private Timer.Timeout unsent = () -> {};
    private int windowsOpened;
    private int givenUp;
    private boolean draining;

    private Http2Server(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Worker worker,
            Http2Limits limits,
            ServerStreams streams,
            ServerLimits times) {
        super(decoder, encoder, settings, worker, limits);
        this.streams = streams;
        this.times = times;
        budget = new FrameBudget(worker.timer());
        watch = new FrameWatch(budget);
        life = new ServerLife(worker.timer(), times, this, () -> connection().numActiveStreams() > 0);
    }

    /** A server's side for one connection. */
    public static Http2Server of(Worker worker, Http2Limits limits, ServerStreams streams, ServerLimits times) {
        return new Builder(worker, limits, streams, times).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2Server, Builder> {
        private final Worker worker;
        private final Http2Limits limits;
        private final ServerStreams streams;
        private final ServerLimits times;

        Builder(Worker worker, Http2Limits limits, ServerStreams streams, ServerLimits times) {
            this.worker = worker;
            this.limits = limits;
            this.streams = streams;
            this.times = times;
            connection(newConnection(true));
            gracefulShutdownTimeoutMillis(-1); // streams have time limits of their own
            // Resets are judged here by what a client does, not by their number: many may be its timeouts.
            decoderEnforceMaxRstFramesPerWindow(0, 0);
            encoderEnforceMaxRstFramesPerWindow(0, 0);
            initialSettings(new Http2Settings()
                    .maxConcurrentStreams(limits.maxStreams())
                    .initialWindowSize(limits.streamWindow())
                    .maxHeaderListSize(limits.maxHeadBytes())
                    .connectProtocolEnabled(true));
        }

        @Override
        protected Http2Server build() {
            return super.build();
        }

        @Override
        protected Http2Server build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            return new Http2Server(decoder, encoder, settings, worker, limits, streams, times);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        super.handlerAdded(ctx);
        life.begin();
        if (times.flush() > 0) {
            unsent = worker.timer().after(times.flush() / 2, this::lookForUnsent);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        life.gone();
        headDone();
        unsent.cancel();
        super.channelInactive(ctx);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof ByteBuf bytes) {
            if (broken()) {
                bytes.release();
                return;
            }
            watchHead(watch.pass(bytes));
            if (budget.exceeded()) {
                bytes.release();
                onError(ctx, false, tooMuch("too many frames that carry nothing"));
                return;
            }
        }
        super.channelRead(ctx, message);
        headNanos = 0; // it was that of the first stream among these bytes
    }

    /** @param open the stream whose head has begun and not ended, or 0 */
    private void watchHead(int open) {
        if (times.head() > 0 && open != unfinishedHead) {
            unfinishedHead = open;
            headNanos = headTimeout == null ? 0 : worker.timer().nanoTime() - headBegun;
            headDone();
            if (open != 0) {
                headBegun = worker.timer().nanoTime();
                headTimeout = worker.timer().after(times.head(), this::headLate);
            }
        }
    }

    private static Http2Exception tooMuch(String what) {
        return Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "%s", what);
    }

    @Override
    void flooded(String detail) {
        streams.flooded(detail);
    }

    @Override
    void removed() {
        resets.ended();
    }

    @Override
    void resetBefore(@Nullable Stream stream) throws Http2Exception {
        Exchange exchange = stream instanceof Exchange known ? known : null;
        if (broken() || exchange != null && exchange.headSent) {
            return;
        }
        long age = exchange == null ? 0 : worker.timer().nanoTime() - exchange.begun;
        if (resets.reset(age)) {
            throw tooMuch("most streams were reset as soon as they had begun");
        }
    }

    @Override
    void windowOpened(@Nullable Stream stream) {
        if (stream instanceof Exchange exchange) {
            exchange.windowOpened = true;
        } else {
            windowsOpened++;
        }
    }

    private void lookForUnsent() {
        streams.unsent(relieve(times.flush()));
        unsent = worker.timer().after(times.flush() / 2, this::lookForUnsent);
    }

    @Override
    public int relieve(long patience) {
        long now = worker.timer().nanoTime();
        int before = givenUp;
        try {
            connection().forEachActiveStream(stream -> {
                if (stream(stream) instanceof Exchange exchange) {
                    exchange.giveUpUnsent(now, patience);
                }
                return true;
            });
        } catch (Http2Exception e) {
            onError(ctx(), true, e);
        }
        return givenUp - before;
    }

    private void headDone() {
        Timer.Timeout waiting = headTimeout;
        headTimeout = null;
        if (waiting != null) {
            waiting.cancel();
        }
    }

    /** Answers a request whose head does not end; what is still missing of it is read and dropped. */
    private void headLate() {
        headTimeout = null;
        if (connection().stream(unfinishedHead) != null) {
            return; // trailers, whose stream has limits of its own
        }
        try {
            Http2Stream stream = connection().remote().createStream(unfinishedHead, false);
            Exchange exchange = new Exchange(stream);
            attach(stream, exchange);
            streams.malformed(PROTOCOL, 408, "request_header_timeout", "the head of the request took too long");
            byte[] text = "request header timeout".getBytes(StandardCharsets.US_ASCII);
            exchange.head(
                    new ResponseHead(408)
                            .with("content-length", Integer.toString(text.length))
                            .with("content-type", "text/plain"),
                    false);
            exchange.data(Unpooled.wrappedBuffer(text), true);
        } catch (Http2Exception e) {
            onError(ctx(), false, e);
        }
    }

    @Override
    public void announceEnd() {
        // Streams that are on their way are still taken (section 6.8).
        goAway(Integer.MAX_VALUE);
    }

    @Override
    public void drain() {
        if (!draining) {
            draining = true;
            goAway(connection().remote().lastStreamCreated());
            var _ = ctx().channel().close(); // waits for the streams that are there
        }
    }

    private void goAway(int lastStream) {
        var _ = goAway(
                ctx(), lastStream, Http2Error.NO_ERROR.code(), ctx().alloc().buffer(0), ctx().newPromise());
        flushSoon();
    }

    @Override
    void streamGone() {
        if (connection().numActiveStreams() == 0) {
            life.idle();
        }
    }

    @Override
    void violated(String detail) {
        streams.malformed(PROTOCOL, 400, "http2.violation.of.messaging.rule", detail);
    }

    @Override
    void headers(Http2Stream stream, Http2Headers headers, boolean end) throws Http2Exception {
        try {
            if (stream(stream) instanceof Exchange known) {
                if (!known.over) {
                    trailers(known, stream, headers, end);
                }
                return;
            }
            Exchange exchange = new Exchange(stream);
            attach(stream, exchange);
            heads.request(stream.id(), headers, exchange.head);
            begin(exchange, end);
        } catch (Http2Heads.TooManyFields e) {
            streams.malformed(PROTOCOL, 431, "http2.too_many_headers", String.valueOf(e.getMessage()));
            if (stream(stream) instanceof Exchange exchange) {
                exchange.remoteDone |= end;
                exchange.head(new ResponseHead(431), true);
            }
        }
    }

    private void begin(Exchange exchange, boolean end) {
        exchange.remoteDone = end;
        exchange.upgrade = exchange.head.protocol();
        if (life.request()) {
            life.end();
        }
        exchange.events = streams.begin(exchange, exchange.head, end);
    }

    private void trailers(Exchange exchange, Http2Stream stream, Http2Headers headers, boolean end)
            throws Http2Exception, Http2Heads.TooManyFields {
        if (!end) {
            throw Http2Heads.malformed(stream.id(), "a second header block that does not end the request");
        }
        Fields trailers = new Fields(256, 8);
        heads.trailers(stream.id(), headers, trailers);
        if (!exchange.remoteDone) {
            exchange.remoteDone = true;
            exchange.events().trailers(trailers);
        }
    }

    private final class Exchange extends Stream implements ServerStream {
        private final Http2Stream served;
        private final RequestHead head = new RequestHead();
        private @Nullable RequestEvents events;
        private @Nullable String upgrade;
        private final long headTook = headNanos;
        private boolean headSent;
        private final long begun = worker.timer().nanoTime();
        private boolean windowOpened;
        private int windowsSeen;
        private boolean waits;
        private long waitsSince;

        Exchange(Http2Stream stream) {
            this.served = stream;
            this.stream = stream;
        }

        @Override
        RequestEvents events() {
            RequestEvents known = events;
            return known == null ? Unheard.REQUEST : known;
        }

        @Override
        boolean begun() {
            return true; // by its head
        }

        @Override
        public String protocol() {
            return PROTOCOL;
        }

        @Override
        public long headNanos() {
            return headTook;
        }

        @Override
        public void informational(ResponseHead response) {
            if (!over && !headSent) {
                var _ = write(response.status(), response.fields(), false);
            }
        }

        @Override
        public void head(ResponseHead response, boolean end) {
            if (over || headSent) {
                return;
            }
            headSent = true;
            boolean upgraded = response.status() == 101 && upgrade != null;
            if (upgraded && "websocket".equalsIgnoreCase(upgrade)) {
                WebSocketKeys.dropAnswer(response.fields());
            }
            localDone = end;
            ChannelFuture written = write(upgraded ? 200 : response.status(), response.fields(), end);
            sent(written);
        }

        private ChannelFuture write(int status, Fields fields, boolean end) {
            flushSoon();
            return encoder()
                    .writeHeaders(ctx(), served.id(), Http2Heads.response(status, fields), 0, end, ctx().newPromise());
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            budget.sent(data.readableBytes());
            super.data(data, end);
        }

        private void giveUpUnsent(long now, long patience) {
            if (!localDone) {
                return; // it has limits of time of its own
            }
            boolean ofConnection =
                    windowsSeen != windowsOpened && encoder().flowController().windowSize(served) > 0;
            if (!waits || windowOpened || ofConnection) {
                waits = true;
                waitsSince = now;
                windowOpened = false;
                windowsSeen = windowsOpened;
            } else if (now - waitsSince >= patience) {
                givenUp++;
                over = true;
                rst(served, Http2Error.CANCEL);
            }
        }

        @Override
        void sent(ChannelFuture written) {
            if (localDone && !remoteDone && !over) {
                // The answer is complete: the rest of the request need not be sent (section 8.1). Not before the answer
                // has left: what waits for the client's window would be lost.
                over = true;
                written.addListener(_ -> {
                    if (served.equals(connection().stream(served.id()))) {
                        rst(served, Http2Error.NO_ERROR);
                    }
                });
            }
        }
    }
}
