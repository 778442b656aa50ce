package dev.lateen.proxy.codec;

import io.netty.buffer.ByteBuf;

/**
 * Finds the end of a head or trailer block in bytes that come piece by piece, and refuses a line end that is not CRLF as
 * soon as it is seen. Remembers how far it looked, so that a slow peer costs no second look.
 */
final class HeadScanner {
    static final int INCOMPLETE = -1;

    private final int maxBytes;
    /** Bytes of the block looked at so far; the buffer's reader index does not move meanwhile. */
    private int scanned;

    private int lineStart;

    HeadScanner(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Makes it ready for the next block. */
    void reset() {
        scanned = 0;
        lineStart = 0;
    }

    /** Whether the first byte of a block is there. */
    boolean begun() {
        return scanned > 0;
    }

    /**
     * Number of bytes up to and including the empty line that ends the block, or {@link #INCOMPLETE}.
     *
     * @param in its reader index stands at the block's first byte
     */
    int scan(ByteBuf in) throws Http1Exception {
        int base = in.readerIndex();
        int available = in.readableBytes();
        while (scanned < available) {
            int lf = in.indexOf(base + scanned, base + available, (byte) '\n');
            if (lf < 0) {
                scanned = available;
                break;
            }
            int at = lf - base;
            if (at == lineStart || in.getByte(lf - 1) != '\r') {
                throw Http1Exception.badRequest("a line ends in LF without CR");
            }
            scanned = at + 1;
            if (at == lineStart + 1) {
                check(scanned);
                return scanned;
            }
            lineStart = scanned;
        }
        check(scanned);
        return INCOMPLETE;
    }

    private void check(int bytes) throws Http1Exception {
        if (bytes > maxBytes) {
            throw new Http1Exception(431, "http1.headers_too_large", "head of more than " + maxBytes + " bytes");
        }
    }
}
