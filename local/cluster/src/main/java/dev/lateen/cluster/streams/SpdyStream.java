package dev.lateen.cluster.streams;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyHeaders;
import java.io.IOException;
import java.util.Arrays;

/** One stream of a SPDY session, opened by the client. */
final class SpdyStream {
    private final Channel channel;
    private final int id;
    private final SpdyHeaders headers;
    private final StreamInput input;

    SpdyStream(Channel channel, int id, SpdyHeaders headers, StreamInput input) {
        this.channel = channel;
        this.id = id;
        this.headers = headers;
        this.input = input;
    }

    int id() {
        return id;
    }

    /** A field of the frame that opened the stream, empty if absent; names are compared without regard to case. */
    String header(String name) {
        String value = headers.getAsString(name);
        return value == null ? "" : value;
    }

    /** What the client sends. */
    StreamInput input() {
        return input;
    }

    /** Sends bytes and waits until the socket took them. */
    void send(byte[] bytes, int count) throws IOException {
        ClientWrites.write(channel, new DefaultSpdyDataFrame(id, Unpooled.wrappedBuffer(Arrays.copyOf(bytes, count))));
    }

    /** Says that we send no more on this stream. */
    ChannelFuture end() {
        var last = new DefaultSpdyDataFrame(id);
        last.setLast(true);
        return channel.writeAndFlush(last);
    }
}
