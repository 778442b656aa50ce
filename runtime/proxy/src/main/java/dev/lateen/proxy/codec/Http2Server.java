package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/** A server's side of HTTP/2 (RFC 9113), with extended CONNECT (RFC 8441). */
public final class Http2Server extends Http2Codec implements ServerConnection {

    private final ServerStreams streams;
    private final long idleNanos;
    private long idleSince;

    private Http2Server(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Worker worker,
            Http2Limits limits,
            ServerStreams streams,
            long idleNanos) {
        super(decoder, encoder, settings, worker, limits);
        this.streams = streams;
        this.idleNanos = idleNanos;
    }

    /**
     * A server's side for one connection.
     *
     * @param idleNanos how long the connection may be without a stream; 0 for ever
     */
    public static Http2Server of(Worker worker, Http2Limits limits, ServerStreams streams, long idleNanos) {
        return new Builder(worker, limits, streams, idleNanos).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2Server, Builder> {
        private final Worker worker;
        private final Http2Limits limits;
        private final ServerStreams streams;
        private final long idleNanos;

        Builder(Worker worker, Http2Limits limits, ServerStreams streams, long idleNanos) {
            this.worker = worker;
            this.limits = limits;
            this.streams = streams;
            this.idleNanos = idleNanos;
            server(true);
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
            return new Http2Server(decoder, encoder, settings, worker, limits, streams, idleNanos);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        super.handlerAdded(ctx);
        if (idleNanos > 0) {
            idleSince = worker.timer().nanoTime();
            var _ = worker.timer().after(idleNanos, this::checkIdle);
        }
    }

    private void checkIdle() {
        if (!ctx().channel().isActive()) {
            return;
        }
        long rest = idleNanos;
        if (connection().numActiveStreams() == 0) {
            rest = idleNanos - (worker.timer().nanoTime() - idleSince);
            if (rest <= 0) {
                drain();
                return;
            }
        }
        var _ = worker.timer().after(rest, this::checkIdle);
    }

    @Override
    public void announceEnd() {
        // Streams that are on their way are still taken (section 6.8).
        var _ = goAway(
                ctx(),
                Integer.MAX_VALUE,
                Http2Error.NO_ERROR.code(),
                ctx().alloc().buffer(0),
                ctx().newPromise());
        flushSoon();
    }

    @Override
    public void drain() {
        var _ = ctx().channel().close(); // says goodbye, and waits for the streams that are there
    }

    @Override
    void streamGone() {
        idleSince = idleNanos > 0 && connection().numActiveStreams() == 0
                ? worker.timer().nanoTime()
                : idleSince;
    }

    @Override
    void violated(String detail) {
        streams.malformed(400, detail);
    }

    @Override
    void headers(Http2Stream stream, Http2Headers headers, boolean end) throws Http2Exception {
        try {
            if (stream(stream) instanceof Exchange known) {
                trailers(known, stream, headers, end);
                return;
            }
            Exchange exchange = new Exchange(stream);
            attach(stream, exchange);
            heads.request(stream.id(), headers, exchange.head);
            begin(exchange, end);
        } catch (Http2Heads.TooManyFields e) {
            streams.malformed(431, String.valueOf(e.getMessage()));
            if (stream(stream) instanceof Exchange exchange) {
                exchange.remoteDone |= end;
                exchange.head(new ResponseHead(431), true);
            }
        }
    }

    private void begin(Exchange exchange, boolean end) {
        exchange.remoteDone = end;
        exchange.upgrade = exchange.head.protocol();
        exchange.events = streams.begin(exchange, exchange.head, end);
    }

    private void trailers(Exchange exchange, Http2Stream stream, Http2Headers headers, boolean end)
            throws Http2Exception, Http2Heads.TooManyFields {
        if (!end) {
            throw Http2Heads.malformed(stream.id(), "a second header block that does not end the request");
        }
        Fields trailers = new Fields(256, 8);
        heads.trailers(stream.id(), headers, trailers);
        if (!exchange.over && !exchange.remoteDone) {
            exchange.remoteDone = true;
            exchange.events().trailers(trailers);
        }
    }

    private final class Exchange extends Stream implements ServerStream {
        private final RequestHead head = new RequestHead();
        private @Nullable RequestEvents events;
        private @Nullable String upgrade;
        private boolean headSent;

        Exchange(Http2Stream stream) {
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
            return "HTTP/2";
        }

        @Override
        public void informational(ResponseHead response) {
            if (!over && !headSent) {
                write(response.status(), response.fields(), false);
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
            write(upgraded ? 200 : response.status(), response.fields(), end);
            sent();
        }

        private void write(int status, Fields fields, boolean end) {
            Http2Stream open = stream;
            if (open != null) {
                var _ = encoder()
                        .writeHeaders(
                                ctx(), open.id(), Http2Heads.response(status, fields), 0, end, ctx().newPromise());
                flushSoon();
            }
        }

        @Override
        void sent() {
            Http2Stream open = stream;
            if (localDone && !remoteDone && open != null && !over) {
                // The answer is complete: the rest of the request need not be sent (section 8.1).
                over = true;
                rst(open, Http2Error.NO_ERROR);
            }
        }
    }
}
