package dev.lateen.proxy.codec;

import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/** A request that a client of HTTP/2 sends, and its answer. */
final class Http2ServerExchange extends Http2Exchange<Http2Server> implements ServerStream {
    final RequestHead head = new RequestHead();
    private final Http2Stream served;
    private @Nullable RequestEvents events;
    private @Nullable String upgrade;
    private final long headTook;
    private boolean headSent;
    private final long begun;
    private boolean windowOpened;
    private int windowsSeen;
    private boolean waits;
    private long waitsSince;

    Http2ServerExchange(Http2Server server, Http2Stream stream) {
        super(server);
        this.served = stream;
        this.stream = stream;
        headTook = server.headNanos();
        begun = server.worker.timer().nanoTime();
    }

    /** Its head is here: who hears the rest. */
    void begin(ServerStreams streams, boolean end) {
        remoteDone = end;
        upgrade = head.protocol();
        events = streams.begin(this, head, end);
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

    /** Nanoseconds since its head was here. */
    long age() {
        return codec.worker.timer().nanoTime() - begun;
    }

    /** Whether its answer has begun. */
    boolean answered() {
        return headSent;
    }

    @Override
    public String protocol() {
        return Http2Server.PROTOCOL;
    }

    @Override
    public long headNanos() {
        return headTook;
    }

    @Override
    public void informational(ResponseHead response) {
        if (!over && !headSent) {
            var _ = write(response.status(), response.fields(), false);
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
        ChannelFuture written = write(upgraded ? 200 : response.status(), response.fields(), end);
        sent(written);
    }

    private ChannelFuture write(int status, Fields fields, boolean end) {
        codec.flushSoon();
        ChannelHandlerContext ctx = codec.ctx();
        return codec.encoder()
                .writeHeaders(ctx, served.id(), Http2Heads.response(status, fields), 0, end, ctx.newPromise());
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        codec.contentSent(data.readableBytes());
        super.data(data, end);
    }

    /** The client lets more of the answer through. */
    void windowOpened() {
        windowOpened = true;
    }

    /**
     * Gives up what is left of a complete answer of which the client has taken nothing for so long. To be called again and
     * again meanwhile.
     *
     * @param windowsOpened how often the client has let more through of all answers together
     * @return whether it did
     */
    boolean gaveUpUnsent(long now, long patience, int windowsOpened) {
        if (!localDone) {
            return false; // it has limits of time of its own
        }
        boolean ofConnection =
                windowsSeen != windowsOpened && codec.encoder().flowController().windowSize(served) > 0;
        if (!waits || windowOpened || ofConnection) {
            waits = true;
            waitsSince = now;
            windowOpened = false;
            windowsSeen = windowsOpened;
            return false;
        }
        if (now - waitsSince < patience) {
            return false;
        }
        over = true;
        rst(served, Http2Error.CANCEL);
        return true;
    }

    @Override
    void sent(ChannelFuture written) {
        if (localDone && !remoteDone && !over) {
            // The answer is complete: the rest of the request need not be sent (section 8.1). Not before the answer
            // has left: what waits for the client's window would be lost.
            over = true;
            written.addListener(_ -> {
                if (served.equals(codec.connection().stream(served.id()))) {
                    rst(served, Http2Error.NO_ERROR);
                }
            });
        }
    }
}
