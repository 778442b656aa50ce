package dev.lateen.proxy.codec;

import dev.lateen.proxy.stream.HttpStream;
import dev.lateen.proxy.stream.MessageEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxycore.head.Fields;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * An exchange of a request and its answer, which has a stream to itself (RFC 9113 section 8.1), whichever side began it:
 * calls become frames of that stream, until both messages are complete or either side resets it.
 *
 * @param <C> the side of the connection that it is on
 */
abstract class Http2Exchange<C extends Http2Codec> implements HttpStream {
    final C codec;

    /** Null until its head is sent, on the side that begins it. */
    @Nullable
    Http2Stream stream;

    boolean remoteDone;
    boolean localDone;
    boolean over;

    Http2Exchange(C codec) {
        this.codec = codec;
    }

    abstract MessageEvents events();

    /** Whether the peer has sent a head, so that content may follow. */
    abstract boolean begun();

    /** Something is sent: looks whether that is all. */
    void sent(ChannelFuture written) {}

    /**
     * Content has come.
     *
     * @param id of its stream
     * @return how many of its bytes nobody returns credit for
     */
    final int received(int id, ByteBuf data, boolean end) throws Http2Exception {
        int bytes = data.readableBytes();
        if (over || remoteDone) {
            return bytes;
        }
        if (!begun()) {
            throw Http2Heads.malformed(id, "content before the head");
        }
        remoteDone = end;
        // An empty frame in the middle says nothing.
        if (bytes > 0 || end) {
            events().data(bytes == 0 ? Unpooled.EMPTY_BUFFER : data.retainedSlice(), end);
        }
        return 0;
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        Http2Stream open = stream;
        if (over || localDone || open == null) {
            data.release();
            return;
        }
        localDone = end;
        ChannelHandlerContext ctx = codec.ctx();
        var written = codec.encoder().writeData(ctx, open.id(), data, 0, end, ctx.newPromise());
        codec.flushSoon();
        sent(written);
    }

    @Override
    public void trailers(Fields trailers) {
        Http2Stream open = stream;
        if (over || localDone || open == null) {
            return;
        }
        localDone = true;
        ChannelHandlerContext ctx = codec.ctx();
        var written =
                codec.encoder().writeHeaders(ctx, open.id(), Http2Heads.trailers(trailers), 0, true, ctx.newPromise());
        codec.flushSoon();
        sent(written);
    }

    @Override
    public void reset(Reset reason) {
        if (over) {
            return;
        }
        over = true;
        Http2Stream open = stream;
        if (open != null) {
            rst(open, code(reason));
        }
    }

    final void rst(Http2Stream open, Http2Error error) {
        ChannelHandlerContext ctx = codec.ctx();
        var _ = codec.resetStream(ctx, open.id(), error.code(), ctx.newPromise());
        codec.flushSoon();
    }

    private static Http2Error code(Reset reason) {
        return switch (reason) {
            case REFUSED -> Http2Error.REFUSED_STREAM;
            case REMOTE, CANCELLED -> Http2Error.CANCEL;
            case TERMINATED, PROTOCOL_ERROR -> Http2Error.INTERNAL_ERROR;
        };
    }

    @Override
    public void consumed(int bytes) {
        Http2Stream open = stream;
        if (open == null || bytes == 0 || !open.equals(codec.connection().stream(open.id()))) {
            return; // what a closed stream had not consumed is given back as a whole
        }
        try {
            if (codec.connection().local().flowController().consumeBytes(open, bytes)) {
                codec.flushSoon();
            }
        } catch (Http2Exception e) {
            codec.onError(codec.ctx(), true, e);
        }
    }

    @Override
    public boolean writable() {
        Http2Stream open = stream;
        return open != null && codec.encoder().flowController().isWritable(open);
    }

    /** The stream ended before its messages did, unless they both had. */
    final void ended(Reset reason, String detail) {
        if (over) {
            return;
        }
        over = true;
        if (!remoteDone || !localDone) {
            events().reset(reason, detail);
        }
    }
}
