package dev.lateen.proxy.codec;

import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A request to a server of HTTP/1.1, and its answer. What follows an upgrade or CONNECT is a tunnel, which takes the
 * connection.
 */
final class Http1ClientExchange implements ClientStream {
    private final Http1Client connection;
    private final ResponseEvents events;
    private boolean toHead;
    private @Nullable String upgrade;
    private boolean requestDone;
    private boolean headSeen;
    private boolean responseDone;
    private boolean persistent = true;

    Http1ClientExchange(Http1Client connection, ResponseEvents events) {
        this.connection = connection;
        this.events = events;
    }

    // ---- the request

    private boolean over() {
        return requestDone || !connection.carries(this);
    }

    private boolean connects() {
        return "CONNECT".equals(upgrade);
    }

    @Override
    public void head(RequestHead head, boolean end) {
        if (over()) {
            return;
        }
        toHead = head.method().equals("HEAD");
        upgrade = head.upgrade();
        if (connection.tunnelsAtOnce(this)) {
            return;
        }
        if ("websocket".equalsIgnoreCase(upgrade)) {
            WebSocketKeys.addKey(head.fields(), ThreadLocalRandom.current());
        }
        requestDone = end && upgrade == null;
        connection.writer.request(connection.ctx(), head, end);
        connection.flushSoon();
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        if (over()) {
            data.release();
            return;
        }
        requestDone = end;
        connection.writer.data(connection.ctx(), data, end);
        connection.flushSoon();
        if (end && upgrade != null) {
            connection.endOutput();
        }
    }

    @Override
    public void trailers(Fields trailers) {
        if (!connection.settings.trailers()) {
            data(Unpooled.EMPTY_BUFFER, true);
        } else if (!over()) {
            requestDone = true;
            connection.writer.trailers(connection.ctx(), trailers);
            connection.flushSoon();
        }
    }

    @Override
    public void reset(Reset reason) {
        if (connection.carries(this)) {
            responseDone = true;
            connection.abort();
        }
    }

    @Override
    public boolean writable() {
        return connection.ctx().channel().isWritable();
    }

    // ---- the answer

    /** Whether its head has come. */
    boolean headSeen() {
        return headSeen;
    }

    /** Whether it is here whole. */
    boolean responseDone() {
        return responseDone;
    }

    /** Whether both messages ended so that another request may follow on the connection. */
    boolean persistent() {
        return persistent && requestDone;
    }

    /** A head has come. */
    void received(ResponseHead head) throws Http1Exception {
        int status = head.status();
        if (status == 101) {
            if (upgrade == null || connects()) {
                throw Http1Exception.badRequest("101 without a request to upgrade");
            }
            tunnel(head);
        } else if (status < 200) {
            // It must not be there, and some send it (RFC 9110 section 8.6).
            head.fields().remove(FieldName.CONTENT_LENGTH);
            events.informational(head);
        } else if (status < 300 && connects()) {
            head.fields().remove(FieldName.CONTENT_LENGTH); // to be ignored (RFC 9110 section 9.3.6)
            tunnel(head);
        } else {
            answer(head);
        }
    }

    /** What follows this head are the bytes of a tunnel. */
    void tunnel(ResponseHead head) {
        headSeen = true;
        persistent = false;
        connection.body.beginUntilClose();
        events.head(head, false);
    }

    private void answer(ResponseHead head) {
        headSeen = true;
        persistent = connection.parser.persistent();
        if (upgrade != null) {
            requestDone = true; // refused: the request was its head alone
        }
        boolean bodiless = toHead || head.status() == 204 || head.status() == 304;
        long length = connection.parser.contentLength();
        if (!bodiless && connection.parser.chunked()) {
            connection.body.beginChunked();
        } else if (!bodiless && length > 0) {
            connection.body.beginLength(length);
        } else if (!bodiless && length < 0) {
            connection.body.beginUntilClose();
            persistent = false;
        } else {
            responseDone = true;
            events.head(head, true);
            connection.complete(this);
            return;
        }
        events.head(head, false);
    }

    /** Content has come. */
    void received(ByteBuf data, boolean end) {
        connection.delivered(data.readableBytes());
        responseDone |= end;
        events.data(data, end);
        if (end) {
            connection.complete(this);
        }
    }

    /** Trailers have come. */
    void received(Fields trailers) {
        responseDone = true;
        events.trailers(trailers);
        connection.complete(this);
    }

    @Override
    public void consumed(int bytes) {
        if (connection.carries(this)) {
            connection.consumedBytes(bytes);
        }
    }

    /** The socket takes bytes again. */
    void drained() {
        if (!responseDone) {
            events.writable();
        }
    }

    /** The connection carries it no further. */
    void broken(Reset reason, String detail) {
        if (responseDone) {
            return;
        }
        responseDone = true;
        if (reason == Reset.TERMINATED && headSeen && connection.body.untilClose()) {
            events.data(Unpooled.EMPTY_BUFFER, true);
        } else {
            events.reset(reason, detail);
        }
    }
}
