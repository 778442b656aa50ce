package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxycore.cluster.Http2Keepalive;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.channel.Channel;
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

/** A client's side of HTTP/2 (RFC 9113): as many streams at a time as the server allows. */
public final class Http2Client extends Http2Codec implements ClientConnection {
    /** Until the server has said how many streams it takes. */
    private static final int STREAMS_AT_FIRST = 100;

    private final Owner owner;
    private final Http2Probes probes;
    private int waitingForHead;
    private boolean draining;
    private boolean told;

    private Http2Client(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Worker worker,
            Http2Limits limits,
            Http2Keepalive keepalive,
            Owner owner) {
        super(decoder, encoder, settings, worker, limits);
        this.owner = owner;
        this.probes = new Http2Probes(worker.timer(), keepalive.interval(), keepalive.timeout(), new Probed());
        connection().local().maxActiveStreams(STREAMS_AT_FIRST);
    }

    /** A client's side for one connection. */
    public static Http2Client of(Worker worker, Http2Limits limits, Owner owner) {
        return of(worker, limits, Http2Keepalive.NONE, owner);
    }

    /** A client's side for one connection that is asked whether it lives. */
    public static Http2Client of(Worker worker, Http2Limits limits, Http2Keepalive keepalive, Owner owner) {
        return new Builder(worker, limits, keepalive, owner).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2Client, Builder> {
        private final Worker worker;
        private final Http2Limits limits;
        private final Http2Keepalive keepalive;
        private final Owner owner;

        Builder(Worker worker, Http2Limits limits, Http2Keepalive keepalive, Owner owner) {
            this.worker = worker;
            this.limits = limits;
            this.keepalive = keepalive;
            this.owner = owner;
            connection(newConnection(false));
            initialSettings(new Http2Settings()
                    .pushEnabled(false)
                    .initialWindowSize(limits.streamWindow())
                    .maxHeaderListSize(limits.maxHeadBytes()));
        }

        @Override
        protected Http2Client build() {
            return super.build();
        }

        @Override
        protected Http2Client build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            return new Http2Client(decoder, encoder, settings, worker, limits, keepalive, owner);
        }
    }

    @Override
    public int room() {
        if (draining || told || connection().goAwayReceived() || connection().goAwaySent()) {
            return 0;
        }
        return Math.min(limits.maxStreams(), connection().local().maxActiveStreams())
                - connection().local().numActiveStreams()
                - waitingForHead;
    }

    @Override
    public int streams() {
        return connection().numActiveStreams() + waitingForHead;
    }

    @Override
    public ClientStream open(ResponseEvents events) {
        waitingForHead++;
        return new Exchange(this, events);
    }

    @Override
    public void close() {
        // With streams at once; without any, the pipeline's own close says goodbye first.
        var _ = streams() == 0 ? ctx().channel().close() : ctx().close();
    }

    @Override
    public void drain() {
        draining = true;
        if (streams() == 0) {
            close();
        }
    }

    @Override
    public String protocol() {
        return "HTTP/2";
    }

    @Override
    public Channel channel() {
        return ctx().channel();
    }

    @Override
    void established() {
        probes.start();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        probes.heard();
        super.channelReadComplete(ctx);
    }

    /** This connection, as the probes ask it. */
    private final class Probed implements Http2Probes.Connection {
        @Override
        public void ping() {
            var _ = encoder().writePing(ctx(), false, 0, ctx().newPromise());
            flushSoon();
        }

        @Override
        public void abandon() {
            var _ = ctx().channel().close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        probes.stop();
        super.channelInactive(ctx);
        if (!told) {
            told = true;
            owner.closed(this);
        }
    }

    @Override
    void streamGone() {
        if (told) {
            return;
        }
        boolean ends = draining || connection().goAwayReceived();
        if (ends && streams() == 0) {
            close();
        }
        owner.available(this);
    }

    @Override
    void violated(String detail) {
        // The stream that it concerns is told.
    }

    @Override
    void headers(Http2Stream stream, Http2Headers headers, boolean end) throws Http2Exception {
        if (!connection().local().isValidStreamId(stream.id())) {
            throw Http2Exception.connectionError(
                    Http2Error.PROTOCOL_ERROR, "a head on stream %d, which no push has promised", stream.id());
        }
        if (!(exchange(stream) instanceof Exchange exchange) || exchange.over) {
            return;
        }
        try {
            if (exchange.headSeen) {
                trailers(exchange, stream, headers, end);
            } else {
                head(exchange, stream, headers, end);
            }
        } catch (Http2Heads.TooManyFields e) {
            throw Http2Heads.malformed(stream.id(), String.valueOf(e.getMessage()));
        }
    }

    private void trailers(Exchange exchange, Http2Stream stream, Http2Headers headers, boolean end)
            throws Http2Exception, Http2Heads.TooManyFields {
        if (!end) {
            throw Http2Heads.malformed(stream.id(), "a second header block that does not end the answer");
        }
        Fields trailers = new Fields(256, 8);
        heads.trailers(stream.id(), headers, trailers);
        exchange.remoteDone = true;
        exchange.events.trailers(trailers);
    }

    private void head(Exchange exchange, Http2Stream stream, Http2Headers headers, boolean end)
            throws Http2Exception, Http2Heads.TooManyFields {
        ResponseHead head = new ResponseHead(0);
        heads.response(stream.id(), headers, head);
        if (head.status() < 200) {
            if (end) {
                throw Http2Heads.malformed(stream.id(), "an interim answer that ends the stream");
            }
            exchange.events.informational(head);
            return;
        }
        if (end && exchange.lacksContent(head)) {
            throw Http2Heads.malformed(stream.id(), "a length, and no content");
        }
        exchange.headSeen = true;
        exchange.remoteDone = end;
        if (exchange.upgrades && head.status() < 300) {
            head.status(101);
            String key = exchange.webSocketKey;
            if (key != null) {
                WebSocketKeys.addAnswer(head.fields(), key);
            }
        }
        exchange.events.head(head, end);
    }

    private static final class Exchange extends Http2Exchange<Http2Client> implements ClientStream {
        private final ResponseEvents events;
        private boolean headSeen;
        private boolean upgrades;
        private boolean toHead;
        private @Nullable String webSocketKey;

        Exchange(Http2Client client, ResponseEvents events) {
            super(client);
            this.events = events;
        }

        @Override
        boolean begun() {
            return headSeen;
        }

        /** Whether an answer without content says that it has some (RFC 9113 section 8.1.1). */
        private boolean lacksContent(ResponseHead head) {
            String length = head.fields().get(FieldName.CONTENT_LENGTH);
            return length != null && !length.equals("0") && !toHead && head.status() != 304;
        }

        @Override
        ResponseEvents events() {
            return events;
        }

        @Override
        public void head(RequestHead head, boolean end) {
            if (over || stream != null) {
                return;
            }
            codec.waitingForHead--;
            ChannelHandlerContext ctx = codec.ctx();
            int id = codec.connection().local().incrementAndGetNextStreamId();
            if (id < 0 || !ctx.channel().isActive()) {
                codec.draining = true; // stream ids are used up, or the connection is
                ended(Reset.REFUSED, "the connection takes no other stream");
                return;
            }
            upgrades = head.protocol() != null;
            toHead = head.method().equals("HEAD");
            boolean last = end && !upgrades;
            RequestHead sent = head;
            if ("websocket".equalsIgnoreCase(head.protocol())) {
                sent = head.copy();
                webSocketKey = WebSocketKeys.takeKey(sent.fields());
            }
            var written = codec.encoder().writeHeaders(ctx, id, Http2Heads.request(sent), 0, last, ctx.newPromise());
            Http2Stream open = codec.connection().stream(id);
            if (open == null) {
                ended(Reset.REFUSED, "the connection takes no other stream: " + written.cause());
                return;
            }
            stream = open;
            localDone = last;
            codec.attach(open, this);
            codec.flushSoon();
        }

        @Override
        public void reset(Reset reason) {
            if (!over && stream == null) {
                codec.waitingForHead--;
            }
            super.reset(reason);
        }
    }
}
