package dev.lateen.proxy.codec;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;

/** Writes heads, content and trailers of HTTP/1.1 to a connection, unflushed. One per connection. */
final class Http1Writer {
    private static final byte[] CONTENT_LENGTH_0 = ascii("content-length: 0\r\n");
    private static final byte[] CHUNKED = ascii("transfer-encoding: chunked\r\n");
    private static final byte[] CLOSE = ascii("connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("connection: keep-alive\r\n");
    private static final byte[] HTTP11 = ascii(" HTTP/1.1\r\nhost: ");
    private static final byte[] STATUS_LINE = ascii("HTTP/1.1 ");
    private static final byte[] LAST_CHUNK = ascii("0\r\n\r\n");
    private static final ByteBuf CRLF = constant("\r\n");
    private static final ByteBuf CRLF_LAST_CHUNK = constant("\r\n0\r\n\r\n");
    private static final ByteBuf LAST_CHUNK_ALONE = constant("0\r\n\r\n");
    /** Content up to this size is copied behind its head: one small copy is cheaper than a second buffer. */
    private static final int COPY_LIMIT = 512;

    /** How the message being written is framed. */
    enum Framing {
        /** No content may follow. */
        NONE,
        /** The head declared the length. */
        LENGTH,
        CHUNKED,
        /** The connection's end is the message's end; also tunnels. */
        UNTIL_CLOSE
    }

    /** What a response's head says about the connection. */
    enum Connection {
        /** Nothing: HTTP/1.1 stays open by itself. */
        SILENT,
        KEEP_ALIVE,
        CLOSE
    }

    private Framing framing = Framing.NONE;
    private long written;

    Framing framing() {
        return framing;
    }

    /** Bytes written since the last request's head began. */
    long written() {
        return written;
    }

    private void write(ChannelHandlerContext ctx, ByteBuf out) {
        written += out.readableBytes();
        var _ = ctx.write(out, ctx.voidPromise());
    }

    void request(ChannelHandlerContext ctx, RequestHead head, boolean end) {
        Fields fields = head.fields();
        ByteBuf out = ctx.alloc().directBuffer(256 + fields.byteSize() + 4 * fields.size());
        ascii(out, head.method());
        out.writeByte(' ');
        written = 0;
        boolean connect = head.method().equals("CONNECT") && head.protocol() == null;
        ascii(out, connect ? head.authority() : head.path());
        out.writeBytes(HTTP11);
        ascii(out, head.authority());
        crlf(out);
        fields(out, fields);
        String upgrade = head.protocol();
        if (upgrade != null) {
            upgrade(out, upgrade);
            framing = Framing.UNTIL_CLOSE;
        } else if (connect) {
            framing = Framing.UNTIL_CLOSE;
        } else if (end) {
            framing = Framing.NONE;
        } else if (fields.contains(FieldName.CONTENT_LENGTH)) {
            framing = Framing.LENGTH;
        } else {
            out.writeBytes(CHUNKED);
            framing = Framing.CHUNKED;
        }
        crlf(out);
        write(ctx, out);
    }

    /**
     * Writes a response's head.
     *
     * @param bodiless whether content cannot follow whatever the head says: an answer to HEAD, 204, 304
     * @param http10 whether the client speaks HTTP/1.0 and knows no chunks
     */
    void response(
            ChannelHandlerContext ctx,
            ResponseHead head,
            boolean end,
            boolean bodiless,
            boolean http10,
            Connection connection,
            String upgrade) {
        Fields fields = head.fields();
        ByteBuf out = ctx.alloc().directBuffer(192 + fields.byteSize() + 4 * fields.size());
        status(out, head.status());
        fields(out, fields);
        if (!upgrade.isEmpty()) {
            upgrade(out, upgrade);
            framing = Framing.UNTIL_CLOSE;
        } else {
            boolean length = fields.contains(FieldName.CONTENT_LENGTH);
            if (bodiless) {
                framing = Framing.NONE;
            } else if (end) {
                framing = Framing.NONE;
                if (!length) {
                    out.writeBytes(CONTENT_LENGTH_0);
                }
            } else if (length) {
                framing = Framing.LENGTH;
            } else if (http10) {
                framing = Framing.UNTIL_CLOSE;
            } else {
                out.writeBytes(CHUNKED);
                framing = Framing.CHUNKED;
            }
            switch (framing == Framing.UNTIL_CLOSE ? Connection.CLOSE : connection) {
                case CLOSE -> out.writeBytes(CLOSE);
                case KEEP_ALIVE -> out.writeBytes(KEEP_ALIVE);
                case SILENT -> {}
            }
        }
        crlf(out);
        write(ctx, out);
    }

    /** Writes the head after which the connection is a tunnel (RFC 9110 section 9.3.6). */
    void tunnel(ChannelHandlerContext ctx, ResponseHead head) {
        head.fields().remove(FieldName.CONTENT_LENGTH);
        informational(ctx, head);
        beginTunnel();
    }

    /** What is written from now on are the bytes of a tunnel. */
    void beginTunnel() {
        framing = Framing.UNTIL_CLOSE;
    }

    void informational(ChannelHandlerContext ctx, ResponseHead head) {
        ByteBuf out = ctx.alloc()
                .directBuffer(64 + head.fields().byteSize() + 4 * head.fields().size());
        status(out, head.status());
        fields(out, head.fields());
        crlf(out);
        write(ctx, out);
    }

    void data(ChannelHandlerContext ctx, ByteBuf data, boolean end) {
        switch (framing) {
            case NONE -> data.release();
            case LENGTH, UNTIL_CLOSE -> {
                if (data.isReadable()) {
                    write(ctx, data);
                } else {
                    data.release();
                }
            }
            case CHUNKED -> chunk(ctx, data, end);
        }
        if (end && framing != Framing.UNTIL_CLOSE) {
            framing = Framing.NONE;
        }
    }

    void trailers(ChannelHandlerContext ctx, Fields trailers) {
        if (framing == Framing.CHUNKED) {
            ByteBuf out = ctx.alloc().directBuffer(16 + trailers.byteSize() + 4 * trailers.size());
            out.writeByte('0');
            crlf(out);
            fields(out, trailers);
            crlf(out);
            write(ctx, out);
        }
        framing = Framing.NONE;
    }

    private void chunk(ChannelHandlerContext ctx, ByteBuf data, boolean end) {
        int size = data.readableBytes();
        if (size == 0) {
            data.release();
            if (end) {
                write(ctx, LAST_CHUNK_ALONE.duplicate());
            }
            return;
        }
        if (size <= COPY_LIMIT) {
            ByteBuf out = ctx.alloc().directBuffer(size + 16);
            ascii(out, Integer.toHexString(size));
            crlf(out);
            out.writeBytes(data);
            data.release();
            crlf(out);
            if (end) {
                out.writeBytes(LAST_CHUNK);
            }
            write(ctx, out);
            return;
        }
        ByteBuf line = ctx.alloc().directBuffer(16);
        ascii(line, Integer.toHexString(size));
        crlf(line);
        write(ctx, line);
        write(ctx, data);
        write(ctx, (end ? CRLF_LAST_CHUNK : CRLF).duplicate());
    }

    private static void status(ByteBuf out, int status) {
        out.writeBytes(STATUS_LINE);
        out.writeByte('0' + status / 100);
        out.writeByte('0' + status / 10 % 10);
        out.writeByte('0' + status % 10);
        out.writeByte(' ');
        ascii(out, ReasonPhrase.of(status));
        crlf(out);
    }

    private static void fields(ByteBuf out, Fields fields) {
        byte[] bytes = fields.array();
        for (int i = 0; i < fields.size(); i++) {
            out.writeBytes(bytes, fields.nameOffset(i), fields.nameLength(i));
            out.writeShort(':' << 8 | ' ');
            out.writeBytes(bytes, fields.valueOffset(i), fields.valueLength(i));
            crlf(out);
        }
    }

    private static void upgrade(ByteBuf out, String protocol) {
        ascii(out, "connection: upgrade\r\nupgrade: ");
        ascii(out, protocol);
        crlf(out);
    }

    private static void crlf(ByteBuf out) {
        out.writeShort('\r' << 8 | '\n');
    }

    private static void ascii(ByteBuf out, String text) {
        ByteBufUtil.writeAscii(out, text);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static ByteBuf constant(String text) {
        byte[] bytes = ascii(text);
        return Unpooled.unreleasableBuffer(
                Unpooled.directBuffer(bytes.length).writeBytes(bytes).asReadOnly());
    }
}
