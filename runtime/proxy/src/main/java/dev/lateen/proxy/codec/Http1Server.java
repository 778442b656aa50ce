package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of HTTP/1.1: one stream at a time, in the order of the requests; requests that a client pipelines wait
 * as bytes. A request whose framing is not beyond doubt is answered 400 and the connection ends (RFC 9112 section 11.2).
 */
public final class Http1Server extends Http1Connection implements ServerConnection {
    /** Content of a request already answered that is read and dropped to keep the connection, and for how long. */
    private static final int MAX_DISCARD = 64 * 1024;

    private static final long DISCARD_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final ServerStreams streams;
    private final ServerLimits limits;
    private final ServerLife life;
    private final RequestHead head = new RequestHead();
    private @Nullable Stream current;
    private boolean http10;
    private boolean persistent = true;
    private boolean draining;
    private boolean mayBeginWithEmptyLine = true;
    private Timer.@Nullable Timeout headTimeout;
    private long headBegun;
    private long headNanos;

    public Http1Server(Worker worker, Http1Settings settings, ServerStreams streams, ServerLimits limits) {
        super(worker, settings, limits.delayedClose());
        this.streams = streams;
        this.limits = limits;
        life = new ServerLife(worker.timer(), limits, this, () -> current != null);
    }

    @Override
    public void announceEnd() {
        draining = true;
    }

    @Override
    public void drain() {
        draining = true;
        if (current == null) {
            closeAfterFlush();
        }
    }

    @Override
    public int relieve(long patience) {
        return current == null && closedAsStuck(patience) ? 1 : 0;
    }

    @Override
    public void handlerAdded(io.netty.channel.ChannelHandlerContext ctx) {
        super.handlerAdded(ctx);
        life.begin();
    }

    @Override
    boolean step(ByteBuf in) throws Http1Exception {
        Stream stream = current;
        if (stream != null) {
            if (stream.requestDone || stream.upgrading || paused()) {
                return false;
            }
            body.read(in, this);
            return stream.requestDone;
        }
        if (!ctx().channel().isWritable()) {
            return false; // the client does not read the answers that it has: the next one would be kept here
        }
        if (!scanner.begun()) {
            if (in.getByte(in.readerIndex()) == '\r' && mayBeginWithEmptyLine) {
                return skipEmptyLine(in);
            }
            checkFirst(in);
        }
        int length = scanner.scan(in);
        if (length == HeadScanner.INCOMPLETE) {
            if (limits.head() > 0 && headTimeout == null) {
                headBegun = worker.timer().nanoTime();
                headTimeout = worker.timer().after(limits.head(), this::headLate);
            }
            return false;
        }
        headNanos = headTimeout == null ? 0 : worker.timer().nanoTime() - headBegun;
        headDone();
        scanner.reset();
        head.clear();
        parser.request(in, length, head);
        begin();
        return true;
    }

    private void headLate() {
        if (headTimeout != null && !closed()) {
            malformed(new Http1Exception(408, "request_header_timeout", "the head of the request took too long"));
        }
    }

    private void headDone() {
        Timer.Timeout waiting = headTimeout;
        headTimeout = null;
        if (waiting != null) {
            waiting.cancel();
        }
    }

    /** Skips one empty line before a request (RFC 9112 section 2.2); whether there is more to read. */
    private boolean skipEmptyLine(ByteBuf in) {
        if (in.readableBytes() < 2) {
            return false;
        }
        mayBeginWithEmptyLine = false;
        if (in.getByte(in.readerIndex() + 1) == '\n') {
            in.skipBytes(2);
        }
        return in.isReadable();
    }

    /** Refuses what cannot be a request at its first byte. */
    private static void checkFirst(ByteBuf in) throws Http1Exception {
        byte first = in.getByte(in.readerIndex());
        if (!Http1Syntax.token(first)) {
            throw Http1Exception.badRequest("a request begins with the byte " + Http1Syntax.show(first));
        }
    }

    private void begin() throws Http1Exception {
        mayBeginWithEmptyLine = true;
        http10 = parser.http10();
        persistent = parser.persistent();
        if ("h2c".equalsIgnoreCase(head.protocol())) {
            head.protocol(null); // an offer that may be left alone (RFC 9110 section 7.8)
        }
        Stream stream = new Stream(head.method().equals("HEAD"), head.upgrade());
        boolean end = false;
        if (head.method().equals("CONNECT") && head.protocol() == null) {
            if (parser.chunked() || parser.contentLength() > 0) {
                throw Http1Exception.badRequest("http1.body_disallowed", "CONNECT with content");
            }
            stream.upgrading = true;
            persistent = false;
        } else if (parser.chunked()) {
            body.beginChunked();
            head.protocol(null);
        } else if (parser.contentLength() > 0) {
            body.beginLength(parser.contentLength());
            head.protocol(null);
        } else {
            stream.upgrading = head.protocol() != null;
            end = !stream.upgrading;
        }
        stream.requestDone = end;
        draining |= life.request();
        current = stream;
        stream.events = streams.begin(stream, head, end);
    }

    // ---- the request's content

    @Override
    public void data(ByteBuf data, boolean end) {
        Stream stream = current;
        if (stream == null) {
            data.release();
            return;
        }
        stream.requestDone |= end;
        RequestEvents events = stream.events;
        if (stream.responseDone || events == null) {
            stream.discarded += data.readableBytes();
            data.release();
            afterDiscard(stream);
            return;
        }
        delivered(data.readableBytes());
        events.data(data, end);
    }

    @Override
    public void end() {
        data(Unpooled.EMPTY_BUFFER, true);
    }

    @Override
    public void trailers(Fields trailers) {
        if (!settings.trailers()) {
            end();
            return;
        }
        Stream stream = current;
        if (stream == null) {
            return;
        }
        stream.requestDone = true;
        RequestEvents events = stream.events;
        if (stream.responseDone || events == null) {
            afterDiscard(stream);
        } else {
            events.trailers(trailers);
        }
    }

    @Override
    public boolean open() {
        return !paused() && !closed() && current != null;
    }

    private void afterDiscard(Stream stream) {
        if (stream.requestDone) {
            finish(stream);
        } else if (stream.discarded > MAX_DISCARD) {
            current = null;
            linger();
        }
    }

    // ---- ends

    private void finish(Stream stream) {
        if (current != stream) {
            return;
        }
        current = null;
        forgetCredit();
        life.idle();
        if (!persistent || draining) {
            linger();
        } else {
            process();
        }
    }

    @Override
    void malformed(Http1Exception problem) {
        headDone();
        Stream stream = current;
        current = null;
        boolean answer = stream == null || !stream.headSent;
        if (stream == null) {
            streams.malformed("HTTP/1.1", problem.status(), problem.details(), problem.reason());
        } else if (!stream.responseDone && stream.events != null) {
            stream.responseDone = true;
            stream.events.reset(Reset.PROTOCOL_ERROR, problem.reason());
        }
        if (answer) {
            byte[] text = (ReasonPhrase.of(problem.status()) + ": " + problem.reason() + "\n")
                    .getBytes(StandardCharsets.UTF_8);
            ResponseHead refusal = new ResponseHead(problem.status())
                    .with("content-type", "text/plain")
                    .with("content-length", Integer.toString(text.length));
            writer.response(ctx(), refusal, false, false, false, Http1Writer.Connection.CLOSE, "");
            writer.data(ctx(), Unpooled.wrappedBuffer(text), true);
        }
        linger();
    }

    @Override
    void gone(Reset reason, String detail) {
        life.gone();
        headDone();
        Stream stream = current;
        current = null;
        if (stream != null && !stream.responseDone && stream.events != null) {
            stream.responseDone = true;
            stream.events.reset(reason, detail);
        }
    }

    @Override
    void drained() {
        Stream stream = current;
        if (stream == null) {
            process();
        } else if (!stream.responseDone && stream.events != null) {
            stream.events.writable();
        }
    }

    private final class Stream implements ServerStream {
        private final boolean toHead;
        private final @Nullable String upgrade;
        private @Nullable RequestEvents events;
        private boolean requestDone;
        private boolean upgrading;
        private boolean headSent;
        private boolean responseDone;
        private int discarded;

        Stream(boolean toHead, @Nullable String upgrade) {
            this.toHead = toHead;
            this.upgrade = upgrade;
        }

        @Override
        public String protocol() {
            return http10 ? "HTTP/1.0" : "HTTP/1.1";
        }

        @Override
        public long headNanos() {
            return headNanos;
        }

        private boolean over() {
            return responseDone || current != this;
        }

        @Override
        public void informational(ResponseHead head) {
            if (!over() && !headSent && !http10) {
                writer.informational(ctx(), head);
                flushSoon();
            }
        }

        @Override
        public void head(ResponseHead head, boolean end) {
            if (over() || headSent) {
                return;
            }
            headSent = true;
            int status = head.status();
            if (upgrading) {
                upgrading = false;
                boolean connect = "CONNECT".equals(upgrade);
                if (upgrade != null && (connect ? status < 300 : status == 101)) {
                    persistent = false;
                    body.beginUntilClose();
                    if (connect) {
                        writer.tunnel(ctx(), head);
                    } else {
                        writer.response(ctx(), head, false, false, false, Http1Writer.Connection.SILENT, upgrade);
                    }
                    flushSoon();
                    if (end) {
                        responseEnded();
                    } else {
                        process();
                    }
                    return;
                }
                requestDone = true;
            }
            if (draining) {
                persistent = false;
            }
            boolean bodiless = toHead || status == 204 || status == 304;
            Http1Writer.Connection connection = !persistent
                    ? Http1Writer.Connection.CLOSE
                    : http10 ? Http1Writer.Connection.KEEP_ALIVE : Http1Writer.Connection.SILENT;
            writer.response(ctx(), head, end, bodiless, http10, connection, "");
            if (writer.framing() == Http1Writer.Framing.UNTIL_CLOSE) {
                persistent = false;
            }
            flushSoon();
            if (end) {
                responseEnded();
            }
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            if (over() || !headSent) {
                data.release();
                return;
            }
            writer.data(ctx(), data, end);
            flushSoon();
            if (end) {
                responseEnded();
            }
        }

        @Override
        public void trailers(Fields trailers) {
            if (!settings.trailers()) {
                data(Unpooled.EMPTY_BUFFER, true);
            } else if (!over() && headSent) {
                writer.trailers(ctx(), trailers);
                flushSoon();
                responseEnded();
            }
        }

        private void responseEnded() {
            responseDone = true;
            if (requestDone) {
                finish(this);
            } else if (body.untilClose()) {
                current = null;
                linger(); // a tunnel whose other end is closed
            } else {
                forgetCredit();
                worker.timer().after(DISCARD_NANOS, this::stopDiscarding);
                process();
            }
        }

        /** The client has its answer, and does not end its request. */
        private void stopDiscarding() {
            if (current == this && !closed()) {
                current = null;
                linger();
            }
        }

        @Override
        public void reset(Reset reason) {
            if (over()) {
                return;
            }
            responseDone = true;
            current = null;
            closeNow();
        }

        @Override
        public void consumed(int bytes) {
            if (current == this && !responseDone) {
                consumedBytes(bytes);
            }
        }

        @Override
        public boolean writable() {
            return ctx().channel().isWritable();
        }
    }
}
