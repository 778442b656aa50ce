package dev.lateen.cluster.streams;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's end of a SPDY/3.1 session as Kubernetes uses it: the client opens every stream, and windows are not
 * used (its clients neither send nor expect WINDOW_UPDATE; TCP alone slows a sender down).
 */
final class SpdySession extends SimpleChannelInboundHandler<SpdyFrame> {
    private static final Logger LOG = LoggerFactory.getLogger(SpdySession.class);

    /** The protocol's name in {@code Upgrade}. */
    static final String PROTOCOL = "SPDY/3.1";

    private static final int MAX_CHUNK = 64 * 1024;
    private static final int MAX_HEADERS = 64 * 1024;
    private static final int MAX_STREAMS = 10_000;

    /** Who uses the streams; called on the event loop. */
    interface User {
        /** The client opened a stream. */
        void opened(SpdyStream stream) throws StreamException;

        /** The client threw a stream away: it takes no more and sends no more. */
        void reset(SpdyStream stream);

        /** The connection has ended. */
        void gone();
    }

    private final Channel channel;
    private final ReadGate gate;
    private final User user;
    private final Map<Integer, SpdyStream> streams = new HashMap<>();

    SpdySession(Channel channel, ReadGate gate, User user) {
        this.channel = channel;
        this.gate = gate;
        this.user = user;
    }

    /** The handlers of a session: the codec and itself. */
    ChannelHandler[] handlers() {
        return new ChannelHandler[] {new SpdyFrameCodec(SpdyVersion.SPDY_3_1, MAX_CHUNK, MAX_HEADERS, 6, 15, 8), this};
    }

    /** Forgets a stream that both sides have ended or that was refused; on any thread. */
    void forget(SpdyStream stream) {
        stream.input().discard();
        channel.eventLoop().execute(() -> streams.remove(stream.id()));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, SpdyFrame frame) {
        switch (frame) {
            case SpdySynStreamFrame open -> opened(ctx, open);
            case SpdyDataFrame data -> {
                SpdyStream stream = streams.get(data.streamId());
                if (stream != null) {
                    stream.input().offer(data.content());
                    if (data.isLast()) {
                        stream.input().end();
                    }
                }
            }
            case SpdyRstStreamFrame reset -> {
                SpdyStream stream = streams.remove(reset.streamId());
                if (stream != null) {
                    stream.input().discard();
                    user.reset(stream);
                }
            }
            // The client's pings have odd ids; an even one would answer ours, and we send none.
            case SpdyPingFrame ping
            when (ping.id() & 1) == 1 -> {
                var _ = ctx.writeAndFlush(ping);
            }
            default -> LOG.trace("SPDY frame {} needs no answer", frame);
        }
    }

    private void opened(ChannelHandlerContext ctx, SpdySynStreamFrame open) {
        int id = open.streamId();
        if (open.isInvalid() || open.isTruncated() || streams.containsKey(id) || (id & 1) == 0) {
            var _ = ctx.writeAndFlush(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.PROTOCOL_ERROR));
            return;
        }
        var stream = new SpdyStream(channel, id, open.headers(), new StreamInput(gate));
        try {
            if (streams.size() >= MAX_STREAMS) {
                throw new StreamException(429, "more than " + MAX_STREAMS + " streams in one session");
            }
            // The reply goes out before anything that the user sends.
            var reply = new DefaultSpdySynReplyFrame(id);
            // Netty leaves out an empty header block, which Go's reader does not forgive.
            reply.headers().set("status", "200");
            var _ = ctx.writeAndFlush(reply);
            streams.put(id, stream);
            if (open.isLast()) {
                stream.input().end();
            }
            user.opened(stream);
        } catch (StreamException refused) {
            LOG.debug("SPDY stream {} refused: {}", id, refused.getMessage());
            streams.remove(id);
            var _ = ctx.writeAndFlush(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.REFUSED_STREAM));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        streams.values().forEach(stream -> stream.input().discard());
        streams.clear();
        user.gone();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("SPDY session from {} broke", channel.remoteAddress(), cause);
        var _ = ctx.close();
    }
}
