package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.TcpInfo;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.Reset;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What both ends of HTTP/1.1 share: bytes that wait to be understood, reading that stops while the receiver of content
 * is behind, writes that are flushed once per turn of the event loop, and an end that does not cut off the last answer.
 */
abstract class Http1Connection extends ChannelInboundHandlerAdapter implements Worker.Flushable, BodyReader.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);
    /** Bytes that may wait while a message of ours is not finished: the next requests of a client that pipelines. */
    private static final int MAX_WAITING = 64 * 1024;

    static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

    final Worker worker;
    final Http1Settings settings;
    final HeadScanner scanner;
    final HeadParser parser;
    final BodyReader body;
    final Http1Writer writer = new Http1Writer();

    private final long lingerNanos;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf waiting;
    private int unconsumed;
    private boolean paused;
    private boolean processing;
    private boolean flushAsked;
    private boolean lingering;
    private boolean closed;
    private boolean stuck;
    private long stuckAt;
    private long stuckSince;

    /** @param lingerNanos how long a peer may take to read the last message; 0 means that it is not waited for */
    Http1Connection(Worker worker, Http1Settings settings, long lingerNanos) {
        this.lingerNanos = lingerNanos;
        this.worker = worker;
        this.settings = settings;
        scanner = new HeadScanner(settings.maxHeadBytes());
        parser = new HeadParser(settings.maxFields());
        body = new BodyReader(scanner, parser);
    }

    /** Understands one more piece; whether it is worth calling again. */
    abstract boolean step(ByteBuf in) throws Http1Exception;

    /** The peer broke the protocol. */
    abstract void malformed(Http1Exception problem);

    /** The connection is gone. */
    abstract void gone(Reset reason, String detail);

    /** The socket takes bytes again. */
    abstract void drained();

    final ChannelHandlerContext ctx() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline yet");
        }
        return ctx;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public final void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (closed || lingering) {
            in.release();
            return;
        }
        waiting = waiting == null ? in : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), waiting, in);
        process();
    }

    /** Works through the waiting bytes; without effect when that is going on already further up the stack. */
    final void process() {
        if (processing) {
            return;
        }
        processing = true;
        try {
            ByteBuf in = waiting;
            while (!closed && !lingering && in != null && in.isReadable() && step(in)) {}
        } catch (Http1Exception e) {
            malformed(e);
        } finally {
            processing = false;
            ByteBuf in = waiting;
            if (in != null && (closed || lingering || !in.isReadable())) {
                waiting = null;
                in.release();
            }
        }
        steerReading();
        processed();
    }

    /** As many of the bytes that have come as may be understood now are. */
    void processed() {}

    private void steerReading() {
        ByteBuf in = waiting;
        boolean read = lingering
                || !paused && (in == null || in.readableBytes() < Math.max(MAX_WAITING, settings.maxHeadBytes() + 1));
        Channel channel = ctx().channel();
        if (!closed && channel.config().isAutoRead() != read && !Sockets.inputEnded(channel)) {
            channel.config().setAutoRead(read);
        }
    }

    /** While memory is short nothing is read ahead of a receiver that does not keep up. */
    private int window() {
        return worker.tight() ? 1 : settings.window();
    }

    /** Counts content that was handed on. */
    final void delivered(int bytes) {
        unconsumed += bytes;
        paused = unconsumed >= window();
    }

    /** Takes back credit. */
    final void consumedBytes(int bytes) {
        unconsumed -= bytes;
        if (paused && unconsumed <= window() / 2) {
            paused = false;
            process();
        }
    }

    /** The stream to which content was handed on has ended: nobody will return credit for it. */
    final void forgetCredit() {
        unconsumed = 0;
        paused = false;
    }

    final boolean paused() {
        return paused;
    }

    final boolean closed() {
        return closed;
    }

    /** Whether bytes wait that nobody has understood yet. */
    final boolean unread() {
        ByteBuf in = waiting;
        return in != null && in.isReadable();
    }

    /** Has what was written sent at the end of this turn. */
    final void flushSoon() {
        if (!flushAsked) {
            flushAsked = true;
            worker.flushSoon(this);
        }
    }

    @Override
    public final void flushNow() {
        flushAsked = false;
        ctx().flush();
    }

    /** Sends what was written, then closes. */
    final void closeAfterFlush() {
        if (!closed && !lingering) {
            closed = true;
            releaseWaiting();
            ctx().writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            if (lingerNanos > 0 && !allSent()) {
                await(false, taken());
            }
        }
    }

    /**
     * Sends what was written and says that no more will come, but drops what the peer still sends for a while: closing
     * with unread bytes would make the kernel reset the connection, and the peer lose the answer (RFC 9112 section 9.6).
     */
    final void linger() {
        if (closed || lingering) {
            return;
        }
        if (lingerNanos == 0) {
            closeAfterFlush();
            return;
        }
        lingering = true;
        if (!processing) {
            releaseWaiting();
        }
        ChannelHandlerContext ctx = ctx();
        ctx.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(sent -> {
            if (ctx.channel() instanceof DuplexChannel duplex) {
                var _ = duplex.shutdownOutput();
            }
        });
        steerReading();
        await(allSent(), taken());
    }

    /**
     * Closes after a time in which all was sent already, or in which the peer took nothing of what waits for it: a slow
     * reader gets all of the last message, one that reads no more is not waited for.
     */
    private void await(boolean wasSent, long before) {
        worker.timer().after(lingerNanos, () -> {
            boolean sent = allSent();
            long taken = taken();
            if (wasSent || !sent && taken == before) {
                var _ = ctx().close();
            } else {
                await(sent, taken);
            }
        });
    }

    /** Closes when the peer has taken nothing of what waits for it for so long; whether it did. To be asked again and again. */
    final boolean closedAsStuck(long patience) {
        long now = worker.timer().nanoTime();
        long taken = taken();
        if (allSent() || !stuck || taken != stuckAt) {
            stuck = !allSent();
            stuckAt = taken;
            stuckSince = now;
            return false;
        }
        if (closed || now - stuckSince < patience) {
            return false;
        }
        closeNow();
        return true;
    }

    private boolean allSent() {
        return unsent() == 0;
    }

    /** Bytes that the kernel has not taken yet, or has not said that it has. */
    final long unsent() {
        ChannelOutboundBuffer buffer = ctx().channel().unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes();
    }

    /** What tells progress: the bytes that the peer's kernel has taken, where this one says so. */
    private long taken() {
        TcpInfo info = TcpInfo.of(ctx().channel());
        return info == null ? -ctx().channel().bytesBeforeWritable() : info.acknowledged();
    }

    /** Sends what was written and says that no more will come; what the peer still sends is read. */
    final void endOutput() {
        ChannelHandlerContext ctx = ctx();
        ctx.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(_ -> {
            if (ctx.channel() instanceof DuplexChannel duplex) {
                var _ = duplex.shutdownOutput();
            }
        });
    }

    /** Closes at once. */
    final void closeNow() {
        closed = true;
        releaseWaiting();
        var _ = ctx().close();
    }

    private void releaseWaiting() {
        ByteBuf in = waiting;
        if (in != null && !processing) {
            waiting = null;
            in.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended(Reset.TERMINATED, "connection closed by peer");
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        releaseWaiting();
    }

    @Override
    public final void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            drained();
        }
    }

    @Override
    public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            ended(Reset.TERMINATED, "connection reset by peer");
        } else {
            LOG.error("unexpected failure on {}; closing it", ctx.channel(), cause);
            ended(Reset.TERMINATED, "internal failure: " + cause);
        }
        var _ = ctx.close();
    }

    /** The connection is of no more use. */
    final void ended(Reset reason, String detail) {
        closed = true;
        releaseWaiting();
        gone(reason, detail);
    }
}
