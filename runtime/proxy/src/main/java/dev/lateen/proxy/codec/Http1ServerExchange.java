package dev.lateen.proxy.codec;

import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request that a client of HTTP/1.1 sends, and its answer, which may be complete before the request is: what is still
 * to come of it then is read and dropped for a while, to keep the connection.
 */
final class Http1ServerExchange implements ServerStream {
    /** Content of a request already answered that is read and dropped, and for how long. */
    private static final int MAX_DISCARD = 64 * 1024;

    private static final long DISCARD_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Http1Server connection;
    private final boolean http10;
    private final boolean toHead;
    /** What the client wants to switch to, until that is decided; the request is its head alone meanwhile. */
    private @Nullable String upgrade;

    private @Nullable RequestEvents events;
    private boolean persistent;
    private boolean requestDone;
    private boolean headSent;
    private boolean responseDone;
    private int discarded;

    /** @param upgrade what the client wants to switch to, or null */
    Http1ServerExchange(Http1Server connection, boolean http10, boolean toHead, @Nullable String upgrade) {
        this.connection = connection;
        this.http10 = http10;
        this.toHead = toHead;
        this.upgrade = upgrade;
    }

    /**
     * Its head is here.
     *
     * @param persists whether the client lets the connection go on after it
     * @param end whether it has no content
     */
    void begin(ServerStreams streams, RequestHead head, boolean persists, boolean end) {
        persistent = persists;
        requestDone = end;
        events = streams.begin(this, head, end);
    }

    // ---- the request

    /** Whether what comes is its content. */
    boolean reads() {
        return !requestDone && upgrade == null;
    }

    /** Whether it is here whole. */
    boolean requestDone() {
        return requestDone;
    }

    /** Content has come. */
    void received(ByteBuf data, boolean end) {
        requestDone |= end;
        RequestEvents to = events;
        if (responseDone || to == null) {
            discarded += data.readableBytes();
            data.release();
            afterDiscard();
            return;
        }
        connection.delivered(data.readableBytes());
        to.data(data, end);
    }

    /** Trailers have come. */
    void received(Fields trailers) {
        requestDone = true;
        RequestEvents to = events;
        if (responseDone || to == null) {
            afterDiscard();
        } else {
            to.trailers(trailers);
        }
    }

    private void afterDiscard() {
        if (requestDone) {
            connection.complete(this);
        } else if (discarded > MAX_DISCARD) {
            connection.endWith(this);
        }
    }

    /** The connection carries it no further. */
    void broken(Reset reason, String detail) {
        RequestEvents to = events;
        if (!responseDone && to != null) {
            responseDone = true;
            to.reset(reason, detail);
        }
    }

    /** The socket takes bytes again. */
    void drained() {
        RequestEvents to = events;
        if (!responseDone && to != null) {
            to.writable();
        }
    }

    // ---- the answer

    /** Whether its head is sent. */
    boolean headSent() {
        return headSent;
    }

    /** Whether another request may follow on the connection. */
    boolean persistent() {
        return persistent;
    }

    @Override
    public String protocol() {
        return http10 ? "HTTP/1.0" : "HTTP/1.1";
    }

    @Override
    public long headNanos() {
        return connection.headNanos();
    }

    private boolean over() {
        return responseDone || !connection.carries(this);
    }

    @Override
    public void informational(ResponseHead head) {
        if (!over() && !headSent && !http10) {
            connection.writer.informational(connection.ctx(), head);
            connection.flushSoon();
        }
    }

    @Override
    public void head(ResponseHead head, boolean end) {
        if (over() || headSent) {
            return;
        }
        headSent = true;
        String wanted = upgrade;
        upgrade = null;
        if (wanted == null) {
            answer(head, end);
        } else if (wanted.equals("CONNECT") ? head.status() < 300 : head.status() == 101) {
            tunnel(head, wanted, end);
        } else {
            requestDone = true;
            answer(head, end);
        }
    }

    /** What follows is none of HTTP/1.1. */
    private void tunnel(ResponseHead head, String wanted, boolean end) {
        persistent = false;
        connection.body.beginUntilClose();
        if (wanted.equals("CONNECT")) {
            connection.writer.tunnel(connection.ctx(), head);
        } else {
            connection.writer.response(
                    connection.ctx(), head, false, false, false, Http1Writer.Connection.SILENT, wanted);
        }
        connection.flushSoon();
        if (end) {
            responseEnded();
        } else {
            connection.process();
        }
    }

    private void answer(ResponseHead head, boolean end) {
        if (connection.draining()) {
            persistent = false;
        }
        boolean bodiless = toHead || head.status() == 204 || head.status() == 304;
        Http1Writer.Connection field = !persistent
                ? Http1Writer.Connection.CLOSE
                : http10 ? Http1Writer.Connection.KEEP_ALIVE : Http1Writer.Connection.SILENT;
        connection.writer.response(connection.ctx(), head, end, bodiless, http10, field, "");
        if (connection.writer.framing() == Http1Writer.Framing.UNTIL_CLOSE) {
            persistent = false;
        }
        connection.flushSoon();
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
        connection.writer.data(connection.ctx(), data, end);
        connection.flushSoon();
        if (end) {
            responseEnded();
        }
    }

    @Override
    public void trailers(Fields trailers) {
        if (!connection.settings.trailers()) {
            data(Unpooled.EMPTY_BUFFER, true);
        } else if (!over() && headSent) {
            connection.writer.trailers(connection.ctx(), trailers);
            connection.flushSoon();
            responseEnded();
        }
    }

    private void responseEnded() {
        responseDone = true;
        if (requestDone) {
            connection.complete(this);
        } else if (connection.body.untilClose()) {
            connection.endWith(this); // a tunnel whose other end is closed
        } else {
            connection.forgetCredit();
            connection.worker.timer().after(DISCARD_NANOS, this::stopDiscarding);
            connection.process();
        }
    }

    /** The client has its answer, and does not end its request. */
    private void stopDiscarding() {
        if (!connection.closed()) {
            connection.endWith(this);
        }
    }

    @Override
    public void reset(Reset reason) {
        if (over()) {
            return;
        }
        responseDone = true;
        connection.abort();
    }

    @Override
    public void consumed(int bytes) {
        if (!over()) {
            connection.consumedBytes(bytes);
        }
    }

    @Override
    public boolean writable() {
        return connection.ctx().channel().isWritable();
    }
}
