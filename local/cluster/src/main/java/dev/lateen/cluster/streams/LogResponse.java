package dev.lateen.cluster.streams;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * A log on its way to the client: one HTTP chunk for each batch of whole lines, sent when the writer ends a line, and
 * written no faster than the client reads. The answer's head goes out with the first byte, so that a log that cannot be
 * read is still answered with an error.
 */
final class LogResponse extends OutputStream {
    private static final int CHUNK = 16 * 1024;

    private final ChannelHandlerContext ctx;
    private final boolean keepAlive;
    private final byte[] buffer = new byte[CHUNK];
    private int length;
    private boolean begun;

    LogResponse(ChannelHandlerContext ctx, boolean keepAlive) {
        this.ctx = ctx;
        this.keepAlive = keepAlive;
    }

    /** Whether the head is sent, after which an error can no longer be answered. */
    boolean begun() {
        return begun;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
        int from = offset;
        int left = count;
        while (left > 0) {
            int part = Math.min(left, CHUNK - length);
            System.arraycopy(bytes, from, buffer, length, part);
            length += part;
            from += part;
            left -= part;
            if (length == CHUNK) {
                flush();
            }
        }
        if (length > 0 && buffer[length - 1] == '\n') {
            flush();
        }
    }

    @Override
    public void flush() throws IOException {
        begin();
        if (length > 0) {
            var chunk = new DefaultHttpContent(Unpooled.wrappedBuffer(Arrays.copyOf(buffer, length)));
            length = 0;
            ClientWrites.await(ctx.writeAndFlush(chunk));
        }
    }

    /** Ends the answer; the connection can take the next request. */
    @Override
    public void close() throws IOException {
        flush();
        ClientWrites.await(ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT));
        if (!keepAlive) {
            var _ = ctx.close();
        }
    }

    /** Breaks the answer off: the client must not take what it has for the whole log. */
    void abort() {
        var _ = ctx.close();
    }

    private void begin() {
        if (begun) {
            return;
        }
        begun = true;
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain")
                .set(HttpHeaderNames.CACHE_CONTROL, "no-cache, private")
                .set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        if (!keepAlive) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        var _ = ctx.writeAndFlush(head);
    }
}
