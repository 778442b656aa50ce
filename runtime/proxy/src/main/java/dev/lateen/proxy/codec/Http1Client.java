package dev.lateen.proxy.codec;

import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.TcpInfo;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import org.jspecify.annotations.Nullable;

/**
 * A client's side of HTTP/1.1: one exchange at a time. The connection is kept for another when both messages ended well
 * and neither side said close; an answer that nobody asked for ends it.
 */
public final class Http1Client extends Http1Connection implements ClientConnection {
    private final Owner owner;
    private final boolean tunnelAtOnce;
    private final ResponseHead head = new ResponseHead(0);
    private @Nullable Http1ClientExchange current;
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
        Http1ClientExchange exchange = new Http1ClientExchange(this, events);
        current = exchange;
        scanner.reset();
        return exchange;
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
        Http1ClientExchange exchange = current;
        return exchange != null && exchange.headSeen() && !body.untilClose();
    }

    /** Whether a request is under way of which the peer has not said a word. */
    private boolean mayBeUnread() {
        Http1ClientExchange exchange = current;
        return exchange != null && !exchange.headSeen() && !scanner.begun() && !unread();
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
        Http1ClientExchange exchange = current;
        if (exchange == null) {
            closeNow();
            tellClosed();
            return false;
        }
        if (exchange.headSeen()) {
            if (paused()) {
                return false;
            }
            body.read(in, this);
            return exchange.responseDone() && in.isReadable();
        }
        int length = scanner.scan(in);
        if (length == HeadScanner.INCOMPLETE) {
            return false;
        }
        scanner.reset();
        head.clear(0);
        parser.response(in, length, head);
        exchange.received(head);
        return true;
    }

    /** Whether the peer speaks no HTTP, and a tunnel was begun without asking it. */
    boolean tunnelsAtOnce(Http1ClientExchange exchange) {
        if (tunnelAtOnce) {
            writer.beginTunnel();
            head.clear(200);
            exchange.tunnel(head);
        }
        return tunnelAtOnce;
    }

    /** Whether this is the present exchange. */
    boolean carries(Http1ClientExchange exchange) {
        return current == exchange;
    }

    // ---- the answer's content

    @Override
    public void data(ByteBuf data, boolean end) {
        Http1ClientExchange exchange = current;
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
        Http1ClientExchange exchange = current;
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

    // ---- ends

    /** The answer is complete. */
    void complete(Http1ClientExchange exchange) {
        if (current != exchange) {
            return;
        }
        current = null;
        forgetCredit();
        // Bytes beyond the answer belong to no request: whoever came next would be given a forged answer.
        if (exchange.persistent() && !draining && !closed() && !unread()) {
            owner.available(this);
        } else {
            closeNow();
            tellClosed();
        }
    }

    /** The connection ends at once, with the present exchange. */
    void abort() {
        current = null;
        closeNow();
        tellClosed();
    }

    @Override
    void malformed(Http1Exception problem) {
        closeNow();
        gone(Reset.PROTOCOL_ERROR, problem.reason());
    }

    @Override
    void gone(Reset reason, String detail) {
        Http1ClientExchange exchange = current;
        current = null;
        tellClosed();
        if (exchange != null) {
            exchange.broken(reason, detail);
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
        Http1ClientExchange exchange = current;
        if (exchange != null) {
            exchange.drained();
        }
    }
}
