package dev.lateen.proxy.listener;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** What the first bytes of a connection say about its protocol: Envoy's TLS and HTTP inspectors. Pure. */
final class FirstBytes {
    private static final byte[] PREFACE = "PRI * HTTP/2.0".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_METHOD = 24;
    private static final int LONGEST_LINE = 16 * 1024;
    private static final int TLS_HANDSHAKE = 0x16;

    private FirstBytes() {}

    /** What they are. */
    enum Protocol {
        /** More bytes are needed to tell. */
        UNDECIDED,
        TLS,
        HTTP10,
        HTTP11,
        HTTP2,
        /** None of those: opaque TCP. */
        OTHER
    }

    static Protocol of(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (length == 0) {
            return Protocol.UNDECIDED;
        }
        int at = bytes.readerIndex();
        if (bytes.getByte(at) == TLS_HANDSHAKE) {
            return length < 2 ? Protocol.UNDECIDED : bytes.getByte(at + 1) == 3 ? Protocol.TLS : Protocol.OTHER;
        }
        int same = 0;
        while (same < Math.min(length, PREFACE.length) && bytes.getByte(at + same) == PREFACE[same]) {
            same++;
        }
        if (same == PREFACE.length) {
            return Protocol.HTTP2;
        }
        return requestLine(bytes, at, length);
    }

    private static Protocol requestLine(ByteBuf bytes, int at, int length) {
        int method = 0;
        while (method < length && isMethod(bytes.getByte(at + method))) {
            method++;
            if (method > LONGEST_METHOD) {
                return Protocol.OTHER;
            }
        }
        if (method == length) {
            return Protocol.UNDECIDED;
        }
        if (method == 0 || bytes.getByte(at + method) != ' ') {
            return Protocol.OTHER;
        }
        int end = bytes.indexOf(at + method, at + length, (byte) '\n');
        if (end < 0) {
            return length > LONGEST_LINE ? Protocol.OTHER : Protocol.UNDECIDED;
        }
        String line = bytes.toString(at, end - at, StandardCharsets.ISO_8859_1).stripTrailing();
        return line.endsWith(" HTTP/1.1")
                ? Protocol.HTTP11
                : line.endsWith(" HTTP/1.0") ? Protocol.HTTP10 : Protocol.OTHER;
    }

    private static boolean isMethod(byte c) {
        return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    }
}
