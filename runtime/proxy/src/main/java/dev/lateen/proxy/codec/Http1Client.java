package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.TcpInfo;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A client's side of HTTP/1.1: one stream at a time. The connection is kept for another when both messages ended well
 * and neither side said close; an answer that nobody asked for ends it. What follows an upgrade or CONNECT is a tunnel,
 * which takes the connection.
 */
public final class Http1Client extends Http1Connection implements ClientConnection {
    private final Owner owner;
    private final boolean tunnelAtOnce;
    private final ResponseHead head = new ResponseHead(0);
    private @Nullable Stream current;
    private boolean draining;
    private boolean told;

    public Http1Client(Worker worker, Http1Settings settings, Owner owner) {
        this(worker, settings, owner, false);
    }

    private Http1Client(Worker worker, Http1Settings settings, Owner owner, boolean tunnelAtOnce) {
        super(worker, settings, LINGER_NANOS);
        this.owner = owner;
        this.tunnelAtOnce = tunnelAtOnce;
    }

    /** One to a peer that speaks no HTTP: a CONNECT is answered here, and its bytes are those of the connection. */
    public static Http1Client ofTunnel(Worker worker, Http1Settings settings, Owner owner) {
        return new Http1Client(worker, settings, owner, true);
    }

    @Override
    public int room() {
        return current == null && !closed() ? 1 : 0;
    }

    @Override
    public int streams() {
        return current == null ? 0 : 1;
    }

    @Override
    public void drain() {
        draining = true;
        if (current == null) {
            close();
        }
    }

    @Override
    public ClientStream open(ResponseEvents events) {
        if (current != null) {
            throw new IllegalStateException("HTTP/1.1 carries one stream at a time");
        }
        Stream stream = new Stream(events);
        current = stream;
        scanner.reset();
        return stream;
    }

    @Override
    public void close() {
        closeNow();
        gone(Reset.TERMINATED, "connection closed by this proxy");
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        super.handlerAdded(ctx);
        // So that the socket is still there to be asked when the peer has closed its side.
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            endWithInput();
        }
    }

    /**
     * Ends with what the peer has sent. epoll reads what came before an end of stream without being asked: as long as
     * the receiver of content is behind, that waits here, and the end behind it.
     */
    private void endWithInput() {
        if (!Sockets.inputEnded(channel()) || closed() || (paused() && unread())) {
            return;
        }
        boolean mayBeUnread = mayBeUnread();
        if (mayBeUnread && unsent() > 0 && unsent() >= writer.written()) {
            // Of what is still on its way to the kernel nobody can tell whether the peer has taken it.
            var _ = ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> endWithInput());
            return;
        }
        boolean unread = mayBeUnread && isUnread();
        ended(
                unread ? Reset.REFUSED : isCut() ? Reset.PROTOCOL_ERROR : Reset.TERMINATED,
                unread ? "connection closed by peer before it took the request" : "connection closed by peer");
        var _ = ctx().close();
    }

    @Override
    void processed() {
        endWithInput();
    }

    /** Whether an answer is under way that says where it ends, or would say so (RFC 9112 section 8). */
    private boolean isCut() {
        Stream stream = current;
        return stream != null && stream.headSeen && !body.untilClose();
    }

    /** Whether a request is under way of which the peer has not said a word. */
    private boolean mayBeUnread() {
        Stream stream = current;
        return stream != null && !stream.headSeen && !scanner.begun() && !unread();
    }

    /**
     * Whether the peer has surely not seen that request: it closed its side while its kernel had not taken a byte of it.
     * What comes to a closed socket is read by nobody.
     */
    private boolean isUnread() {
        TcpInfo info = TcpInfo.of(channel());
        return info != null && info.noneTaken(writer.written());
    }

    @Override
    public String protocol() {
        return tunnelAtOnce ? "-" : "HTTP/1.1";
    }

    @Override
    public Channel channel() {
        return ctx().channel();
    }

    @Override
    boolean step(ByteBuf in) throws Http1Exception {
        Stream stream = current;
        if (stream == null) {
            closeNow();
            tellClosed();
            return false;
        }
        if (stream.headSeen) {
            if (paused()) {
                return false;
            }
            body.read(in, this);
            return stream.responseDone && in.isReadable();
        }
        int length = scanner.scan(in);
        if (length == HeadScanner.INCOMPLETE) {
            return false;
        }
        scanner.reset();
        head.clear(0);
        parser.response(in, length, head);
        int status = head.status();
        if (status == 101) {
            if (stream.upgrade == null || stream.connects()) {
                throw Http1Exception.badRequest("101 without a request to upgrade");
            }
            tunnel(stream);
            return true;
        }
        if (status >= 200 && status < 300 && stream.connects()) {
            head.fields().remove(FieldName.CONTENT_LENGTH); // to be ignored (RFC 9110 section 9.3.6)
            tunnel(stream);
            return true;
        }
        if (status < 200) {
            head.fields()
                    .remove(FieldName.CONTENT_LENGTH); // must not be there, and some send it (RFC 9110 section 8.6)
            stream.events.informational(head);
            return true;
        }
        answer(stream, status);
        return true;
    }

    private void tunnel(Stream stream) {
        stream.headSeen = true;
        stream.persistent = false;
        body.beginUntilClose();
        stream.events.head(head, false);
    }

    private void answer(Stream stream, int status) {
        stream.headSeen = true;
        stream.persistent = parser.persistent();
        if (stream.upgrade != null) {
            stream.requestDone = true; // refused: the request was its head alone
        }
        boolean bodiless = stream.toHead || status == 204 || status == 304;
        if (!bodiless && parser.chunked()) {
            body.beginChunked();
        } else if (!bodiless && parser.contentLength() != 0) {
            if (parser.contentLength() > 0) {
                body.beginLength(parser.contentLength());
            } else {
                body.beginUntilClose();
                stream.persistent = false;
            }
        } else {
            stream.responseDone = true;
            stream.events.head(head, true);
            finish(stream);
            return;
        }
        stream.events.head(head, false);
    }

    // ---- the answer's content

    @Override
    public void data(ByteBuf data, boolean end) {
        Stream stream = current;
        if (stream == null) {
            data.release();
            return;
        }
        delivered(data.readableBytes());
        stream.responseDone |= end;
        stream.events.data(data, end);
        if (end) {
            finish(stream);
        }
    }

    @Override
    public void end() {
        data(Unpooled.EMPTY_BUFFER, true);
    }

    @Override
    public void trailers(Fields trailers) {
        Stream stream = current;
        if (!settings.trailers()) {
            end();
        } else if (stream != null) {
            stream.responseDone = true;
            stream.events.trailers(trailers);
            finish(stream);
        }
    }

    @Override
    public boolean open() {
        return !paused() && !closed() && current != null;
    }

    // ---- ends

    private void finish(Stream stream) {
        if (current != stream) {
            return;
        }
        current = null;
        forgetCredit();
        // Bytes beyond the answer belong to no request: whoever came next would be given a forged answer.
        if (stream.persistent && stream.requestDone && !draining && !closed() && !unread()) {
            owner.available(this);
        } else {
            closeNow();
            tellClosed();
        }
    }

    @Override
    void malformed(Http1Exception problem) {
        closeNow();
        gone(Reset.PROTOCOL_ERROR, problem.reason());
    }

    @Override
    void gone(Reset reason, String detail) {
        Stream stream = current;
        current = null;
        tellClosed();
        if (stream == null || stream.responseDone) {
            return;
        }
        stream.responseDone = true;
        if (reason == Reset.TERMINATED && stream.headSeen && body.untilClose()) {
            stream.events.data(Unpooled.EMPTY_BUFFER, true);
        } else {
            stream.events.reset(reason, detail);
        }
    }

    private void tellClosed() {
        if (!told) {
            told = true;
            owner.closed(this);
        }
    }

    @Override
    void drained() {
        Stream stream = current;
        if (stream != null && !stream.responseDone) {
            stream.events.writable();
        }
    }

    private final class Stream implements ClientStream {
        private final ResponseEvents events;
        private boolean toHead;
        private @Nullable String upgrade;
        private boolean requestDone;
        private boolean headSeen;
        private boolean responseDone;
        private boolean persistent = true;

        Stream(ResponseEvents events) {
            this.events = events;
        }

        private boolean connects() {
            return "CONNECT".equals(upgrade);
        }

        private boolean over() {
            return requestDone || current != this;
        }

        @Override
        public void head(RequestHead head, boolean end) {
            if (over()) {
                return;
            }
            toHead = head.method().equals("HEAD");
            upgrade = head.upgrade();
            if (tunnelAtOnce) {
                writer.beginTunnel();
                Http1Client.this.head.clear(200);
                tunnel(this);
                return;
            }
            if ("websocket".equalsIgnoreCase(upgrade)) {
                WebSocketKeys.addKey(head.fields(), ThreadLocalRandom.current());
            }
            requestDone = end && upgrade == null;
            writer.request(ctx(), head, end);
            flushSoon();
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            if (over()) {
                data.release();
                return;
            }
            requestDone = end;
            writer.data(ctx(), data, end);
            flushSoon();
            if (end && upgrade != null) {
                endOutput();
            }
        }

        @Override
        public void trailers(Fields trailers) {
            if (!settings.trailers()) {
                data(Unpooled.EMPTY_BUFFER, true);
            } else if (!over()) {
                requestDone = true;
                writer.trailers(ctx(), trailers);
                flushSoon();
            }
        }

        @Override
        public void reset(Reset reason) {
            if (current == this) {
                responseDone = true;
                current = null;
                closeNow();
                tellClosed();
            }
        }

        @Override
        public void consumed(int bytes) {
            if (current == this) {
                consumedBytes(bytes);
            }
        }

        @Override
        public boolean writable() {
            return ctx().channel().isWritable();
        }
    }
}
