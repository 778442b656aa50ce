package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of HTTP/1.1: one exchange at a time, in the order of the requests; requests that a client pipelines wait
 * as bytes. A request whose framing is not beyond doubt is answered 400 and the connection ends (RFC 9112 section 11.2).
 */
public final class Http1Server extends Http1Connection implements ServerConnection {
    private final ServerStreams streams;
    private final ServerLife life;
    private final HeadTimer headTimer;
    private final RequestHead head = new RequestHead();
    private @Nullable Http1ServerExchange current;
    private boolean draining;
    private boolean mayBeginWithEmptyLine = true;

    public Http1Server(Worker worker, Http1Settings settings, ServerStreams streams, ServerLimits limits) {
        super(worker, settings, limits.delayedClose());
        this.streams = streams;
        life = new ServerLife(worker.timer(), limits, this, () -> current != null);
        headTimer = new HeadTimer(worker.timer(), limits.head(), this::headLate);
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
        Http1ServerExchange exchange = current;
        if (exchange != null) {
            if (!exchange.reads() || paused()) {
                return false;
            }
            body.read(in, this);
            return exchange.requestDone();
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
            headTimer.begin();
            return false;
        }
        headTimer.end();
        scanner.reset();
        head.clear();
        parser.request(in, length, head);
        begin();
        return true;
    }

    private void headLate() {
        if (!closed()) {
            malformed(new Http1Exception(408, "request_header_timeout", "the head of the request took too long"));
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
        if ("h2c".equalsIgnoreCase(head.protocol())) {
            head.protocol(null); // an offer that may be left alone (RFC 9110 section 7.8)
        }
        boolean persists = parser.persistent();
        String upgrade = null;
        boolean end = false;
        if (head.method().equals("CONNECT") && head.protocol() == null) {
            if (parser.chunked() || parser.contentLength() > 0) {
                throw Http1Exception.badRequest("http1.body_disallowed", "CONNECT with content");
            }
            upgrade = head.upgrade();
            persists = false;
        } else if (parser.chunked()) {
            body.beginChunked();
            head.protocol(null);
        } else if (parser.contentLength() > 0) {
            body.beginLength(parser.contentLength());
            head.protocol(null);
        } else {
            upgrade = head.upgrade();
            end = upgrade == null;
        }
        Http1ServerExchange exchange =
                new Http1ServerExchange(this, parser.http10(), head.method().equals("HEAD"), upgrade);
        draining |= life.request();
        current = exchange;
        exchange.begin(streams, head, persists, end);
    }

    // ---- the request's content

    @Override
    public void data(ByteBuf data, boolean end) {
        Http1ServerExchange exchange = current;
        if (exchange == null) {
            data.release();
        } else {
            exchange.received(data, end);
        }
    }

    @Override
    public void end() {
        data(Unpooled.EMPTY_BUFFER, true);
    }

    @Override
    public void trailers(Fields trailers) {
        Http1ServerExchange exchange = current;
        if (!settings.trailers()) {
            end();
        } else if (exchange != null) {
            exchange.received(trailers);
        }
    }

    @Override
    public boolean open() {
        return !paused() && !closed() && current != null;
    }

    // ---- what the exchange asks for

    /** How long the head of the present request took to come. */
    long headNanos() {
        return headTimer.took();
    }

    /** Whether the next answer is the last. */
    boolean draining() {
        return draining;
    }

    /** Whether this is the present exchange. */
    boolean carries(Http1ServerExchange exchange) {
        return current == exchange;
    }

    // ---- ends

    /** Request and answer are complete. */
    void complete(Http1ServerExchange exchange) {
        if (current != exchange) {
            return;
        }
        current = null;
        forgetCredit();
        life.idle();
        if (!exchange.persistent() || draining) {
            linger();
        } else {
            process();
        }
    }

    /** The connection ends with this exchange, whatever is still to come of its request. */
    void endWith(Http1ServerExchange exchange) {
        if (current == exchange) {
            current = null;
            linger();
        }
    }

    /** The connection ends at once, with the present exchange. */
    void abort() {
        current = null;
        closeNow();
    }

    @Override
    void malformed(Http1Exception problem) {
        headTimer.cancel();
        Http1ServerExchange exchange = current;
        current = null;
        boolean answer = exchange == null || !exchange.headSent();
        if (exchange == null) {
            streams.malformed("HTTP/1.1", problem.status(), problem.details(), problem.reason());
        } else {
            exchange.broken(Reset.PROTOCOL_ERROR, problem.reason());
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
        headTimer.cancel();
        Http1ServerExchange exchange = current;
        current = null;
        if (exchange != null) {
            exchange.broken(reason, detail);
        }
    }

    @Override
    void drained() {
        Http1ServerExchange exchange = current;
        if (exchange == null) {
            process();
        } else {
            exchange.drained();
        }
    }
}
