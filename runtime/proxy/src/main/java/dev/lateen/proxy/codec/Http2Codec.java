package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.Reset;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What both ends of HTTP/2 share (RFC 9113): frames become calls of streams' events and calls of streams become frames.
 * Frames, HPACK, the states of streams and windows are Netty's; credit is given back to the peer only when a stream's
 * receiver has consumed what came, so that windows reach from socket to socket.
 */
abstract class Http2Codec extends Http2ConnectionHandler implements Worker.Flushable {
    final Worker worker;
    final Http2Limits limits;
    final Http2Heads heads;
    private final Http2Connection.PropertyKey key;
    private final PastStreams gone = new PastStreams();
    private @Nullable ChannelHandlerContext context;
    private boolean flushAsked;
    private boolean broken;
    /** The last stream that the peer will look at, once it has said so. */
    private int lastKnownToPeer = Integer.MAX_VALUE;

    Http2Codec(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Worker worker,
            Http2Limits limits) {
        super(decoder, encoder, settings);
        this.worker = worker;
        this.limits = limits;
        heads = new Http2Heads(limits.maxFields());
        key = connection().newKey();
        decoder.frameListener(new Frames());
        connection().addListener(new Streams());
        encoder.flowController().listener(stream -> {
            Http2Exchange<?> exchange = exchange(stream);
            if (exchange != null && !exchange.over && encoder.flowController().isWritable(stream)) {
                exchange.events().writable();
            }
        });
    }

    /** The states of one connection's streams, which share what may be sent evenly: RFC 9113 has no priorities (5.3.2). */
    static Http2Connection newConnection(boolean server) {
        Http2Connection connection = new DefaultHttp2Connection(server);
        connection
                .remote()
                .flowController(
                        new DefaultHttp2RemoteFlowController(connection, new UniformStreamByteDistributor(connection)));
        return connection;
    }

    /** A header block on a stream that is new or known. */
    abstract void headers(Http2Stream stream, Http2Headers headers, boolean end) throws Http2Exception;

    /** A stream is gone from the connection. */
    abstract void streamGone();

    /** The connection is there. */
    void established() {}

    /** The peer broke the protocol. */
    abstract void violated(String detail);

    /** The peer sent more than it may. */
    void flooded(String detail) {
        violated(detail);
    }

    /** The peer reset this stream, or made this side reset it. */
    void resetBefore(@Nullable Http2Exchange<?> exchange) throws Http2Exception {}

    /** A stream is removed from the connection. */
    void removed() {}

    /** The peer lets more through, of this stream, or, without one, of all together. */
    void windowOpened(@Nullable Http2Exchange<?> exchange) {}

    /** Whether an error has ended the connection. */
    final boolean broken() {
        return broken;
    }

    final ChannelHandlerContext ctx() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline yet");
        }
        return ctx;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
        if (ctx.channel().isActive()) {
            widen();
            established();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        super.channelActive(ctx);
        widen();
        established();
    }

    /** The connection's window begins with 65,535 bytes and has no setting (section 6.9.2). */
    private void widen() throws Http2Exception {
        var flow = connection().local().flowController();
        int more = limits.connectionWindow() - flow.windowSize(connection().connectionStream());
        if (more > 0) {
            flow.incrementWindowSize(connection().connectionStream(), more);
        }
        flushSoon();
    }

    final void flushSoon() {
        if (!flushAsked) {
            flushAsked = true;
            worker.flushSoon(this);
        }
    }

    @Override
    public final void flushNow() {
        flushAsked = false;
        if (!ctx().isRemoved()) {
            flush(ctx());
        }
    }

    final @Nullable Http2Exchange<?> exchange(@Nullable Http2Stream stream) {
        return stream == null ? null : stream.getProperty(key);
    }

    final void attach(Http2Stream stream, Http2Exchange<?> exchange) {
        stream.setProperty(key, exchange);
    }

    @Override
    public void onError(ChannelHandlerContext ctx, boolean outbound, Throwable cause) {
        if (outbound
                || !(Http2CodecUtil.getEmbeddedHttp2Exception(cause)
                        instanceof Http2Exception.StreamException problem)) {
            super.onError(ctx, outbound, cause);
            return;
        }
        Http2Stream known = connection().stream(problem.streamId());
        Http2Exchange<?> exchange = exchange(known);
        if (known == null && problem.error() == Http2Error.STREAM_CLOSED) {
            Http2Exception meant = gone.error(problem.streamId());
            if (meant != null) {
                super.onError(ctx, false, meant);
            }
        } else if (exchange != null && exchange.remoteDone && problem.error() == Http2Error.PROTOCOL_ERROR) {
            // Whatever is wrong with it: a message after the last one (section 5.1, "half-closed (remote)").
            super.onError(
                    ctx,
                    false,
                    Http2Exception.streamError(
                            problem.streamId(), Http2Error.STREAM_CLOSED, "%s", problem.getMessage()));
        } else {
            super.onError(ctx, false, cause);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        if (cause instanceof IOException) {
            var _ = ctx.close(); // the streams are told when the connection is gone
        } else {
            super.exceptionCaught(ctx, cause);
        }
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException problem) {
        Http2Exchange<?> exchange = exchange(connection().stream(problem.streamId()));
        if (!outbound) {
            violated(String.valueOf(problem.getMessage()));
        }
        super.onStreamError(ctx, outbound, cause, problem);
        if (exchange != null) {
            exchange.ended(outbound ? Reset.TERMINATED : Reset.PROTOCOL_ERROR, String.valueOf(problem.getMessage()));
        }
        flushSoon();
        if (!outbound) {
            try {
                resetBefore(exchange);
            } catch (Http2Exception tooMany) {
                super.onError(ctx, false, tooMany);
            }
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception problem) {
        if (problem != null && problem.error() == Http2Error.ENHANCE_YOUR_CALM) {
            broken = true;
            flooded(String.valueOf(problem.getMessage()));
        } else if (!outbound && problem != null) {
            broken = true;
            violated(String.valueOf(problem.getMessage()));
        }
        super.onConnectionError(ctx, outbound, cause, problem);
        flushSoon();
    }

    /** Frames as they come. */
    private final class Frames extends Http2FrameAdapter {
        @Override
        public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end)
                throws Http2Exception {
            Http2Exchange<?> exchange = exchange(connection().stream(id));
            return padding + (exchange == null ? data.readableBytes() : exchange.received(id, data, end));
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int id,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end)
                throws Http2Exception {
            onHeadersRead(ctx, id, headers, padding, end);
        }

        @Override
        public void onHeadersRead(ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end)
                throws Http2Exception {
            Http2Stream stream = connection().stream(id);
            if (stream != null) {
                headers(stream, headers, end);
            }
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) throws Http2Exception {
            Http2Exchange<?> exchange = exchange(connection().stream(id));
            if (exchange != null) {
                boolean refused = code == Http2Error.REFUSED_STREAM.code();
                exchange.ended(refused ? Reset.REFUSED : Reset.REMOTE, "stream reset by peer with code " + code);
            }
            resetBefore(exchange);
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext ctx, int id, int increment) {
            windowOpened(id == 0 ? null : exchange(connection().stream(id)));
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
            flushSoon();
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long data) {
            flushSoon();
        }
    }

    /** Streams as they come and go. */
    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onStreamClosed(Http2Stream stream) {
            Http2Exchange<?> exchange = exchange(stream);
            if (exchange != null) {
                boolean unseen = connection().local().isValidStreamId(stream.id()) && stream.id() > lastKnownToPeer;
                exchange.ended(
                        unseen ? Reset.REFUSED : broken ? Reset.PROTOCOL_ERROR : Reset.TERMINATED,
                        unseen ? "the peer goes away and did not see the request" : "connection closed by peer");
            }
        }

        @Override
        public void onStreamRemoved(Http2Stream stream) {
            gone.add(stream.id(), stream.isResetSent());
            removed();
            streamGone();
        }

        @Override
        public void onGoAwayReceived(int lastStreamId, long errorCode, ByteBuf debugData) {
            lastKnownToPeer = lastStreamId;
            streamGone();
        }
    }
}
