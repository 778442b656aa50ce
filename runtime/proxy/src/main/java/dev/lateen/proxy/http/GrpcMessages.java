package dev.lateen.proxy.http;

import io.netty.buffer.ByteBuf;

/**
 * Counts the messages of one side of a call of gRPC in its content, in whatever pieces it comes (gRPC over HTTP/2,
 * "Length-Prefixed-Message"). As Envoy does, one counts from its first byte on. One thread.
 */
final class GrpcMessages {
    /** A flag, and four bytes of length. */
    private static final int PREFIX = 5;

    private long count;
    private int prefix;
    private long length;
    private long left;

    /** Looks at the next piece; takes nothing of it. */
    void add(ByteBuf data) {
        int at = data.readerIndex();
        int end = data.writerIndex();
        while (at < end) {
            if (left > 0) {
                int step = (int) Math.min(left, end - at);
                left -= step;
                at += step;
                continue;
            }
            int next = data.getUnsignedByte(at++);
            if (prefix == 0) {
                count++;
                length = 0;
            } else {
                length = length << 8 | next;
            }
            prefix++;
            if (prefix == PREFIX) {
                prefix = 0;
                left = length;
            }
        }
    }

    long count() {
        return count;
    }
}
