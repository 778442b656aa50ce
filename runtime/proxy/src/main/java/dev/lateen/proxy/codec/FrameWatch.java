package dev.lateen.proxy.codec;

import io.netty.buffer.ByteBuf;

/**
 * Follows the frames of HTTP/2 (RFC 9113 section 4.1) as their bytes pass: has each counted, and tells whether a header
 * block has begun that has not ended (section 6.10), for whoever waits for it cannot be told anything else on that
 * connection meanwhile.
 */
final class FrameWatch {
    private static final int PREFACE = 24;
    private static final int FRAME_HEAD = 9;
    private static final int HEADERS = 1;
    private static final int CONTINUATION = 9;
    private static final int END_HEADERS = 4;

    private final FrameBudget budget;
    private int skip = PREFACE;
    private int headBytes;
    private int length;
    private int type;
    private int flags;
    private int stream;
    private int open;

    /** @param budget is told of each frame */
    FrameWatch(FrameBudget budget) {
        this.budget = budget;
    }

    /**
     * Looks at the next bytes, which stay as they are.
     *
     * @return the stream whose header block has begun and not ended; 0 when there is none
     */
    int pass(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (skip > 0) {
                int step = Math.min(skip, end - at);
                skip -= step;
                at += step;
            } else {
                head(bytes.getUnsignedByte(at++));
            }
            if (skip == 0 && headBytes == FRAME_HEAD) {
                headBytes = 0;
                frameEnded();
            }
        }
        return open;
    }

    private void head(int octet) {
        switch (headBytes++) {
            case 0 -> length = octet;
            case 1, 2 -> length = length << 8 | octet;
            case 3 -> type = octet;
            case 4 -> flags = octet;
            case 5 -> stream = octet & 0x7F;
            default -> stream = stream << 8 | octet;
        }
        if (headBytes == FRAME_HEAD) {
            skip = length;
            budget.came(type, length);
            if (type == HEADERS) {
                open = stream;
            }
        }
    }

    private void frameEnded() {
        if ((type == HEADERS || type == CONTINUATION) && (flags & END_HEADERS) != 0) {
            open = 0;
        }
    }
}
