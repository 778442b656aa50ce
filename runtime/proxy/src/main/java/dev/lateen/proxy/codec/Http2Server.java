package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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
    static final String PROTOCOL = "HTTP/2";

    private final ServerStreams streams;
    private final ServerLimits times;
    private final ServerLife life;
    private final FrameBudget budget;
    private final FrameWatch watch;
    private final PrematureResets resets = new PrematureResets();
    private final HeadTimer headTimer;
    private int unfinishedHead;
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
        headTimer = new HeadTimer(worker.timer(), times.head(), this::headLate);
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
        headTimer.cancel();
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
        headTimer.forget(); // it was the head of the first stream among these bytes
    }

    /** How long the head that is read took to come. */
    long headNanos() {
        return headTimer.took();
    }

    /** So many bytes of content go to the client. */
    void contentSent(int bytes) {
        budget.sent(bytes);
    }

    /** @param open the stream whose head has begun and not ended, or 0 */
    private void watchHead(int open) {
        if (open != unfinishedHead) {
            unfinishedHead = open;
            headTimer.end();
            if (open != 0) {
                headTimer.begin();
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
    void resetBefore(@Nullable Http2Exchange<?> exchange) throws Http2Exception {
        Http2ServerExchange known = exchange instanceof Http2ServerExchange ours ? ours : null;
        if (broken() || known != null && known.answered()) {
            return;
        }
        if (resets.reset(known == null ? 0 : known.age())) {
            throw tooMuch("most streams were reset as soon as they had begun");
        }
    }

    @Override
    void windowOpened(@Nullable Http2Exchange<?> exchange) {
        if (exchange instanceof Http2ServerExchange known) {
            known.windowOpened();
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
                if (exchange(stream) instanceof Http2ServerExchange known
                        && known.gaveUpUnsent(now, patience, windowsOpened)) {
                    givenUp++;
                }
                return true;
            });
        } catch (Http2Exception e) {
            onError(ctx(), true, e);
        }
        return givenUp - before;
    }

    /** Answers a request whose head does not end; what is still missing of it is read and dropped. */
    private void headLate() {
        if (connection().stream(unfinishedHead) != null) {
            return; // trailers, whose stream has limits of its own
        }
        try {
            Http2Stream stream = connection().remote().createStream(unfinishedHead, false);
            Http2ServerExchange exchange = new Http2ServerExchange(this, stream);
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
            if (exchange(stream) instanceof Http2ServerExchange known) {
                if (!known.over) {
                    trailers(known, stream, headers, end);
                }
                return;
            }
            Http2ServerExchange exchange = new Http2ServerExchange(this, stream);
            attach(stream, exchange);
            heads.request(stream.id(), headers, exchange.head);
            if (life.request()) {
                life.end();
            }
            exchange.begin(streams, end);
        } catch (Http2Heads.TooManyFields e) {
            streams.malformed(PROTOCOL, 431, "http2.too_many_headers", String.valueOf(e.getMessage()));
            if (exchange(stream) instanceof Http2ServerExchange exchange) {
                exchange.remoteDone |= end;
                exchange.head(new ResponseHead(431), true);
            }
        }
    }

    private void trailers(Http2ServerExchange exchange, Http2Stream stream, Http2Headers headers, boolean end)
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
}
