package dev.lateen.proxy.codec;

import static dev.lateen.proxy.codec.Http1Exception.badRequest;

import dev.lateen.proxycore.head.Fields;
import io.netty.buffer.ByteBuf;

/**
 * Takes a message's content out of a connection's bytes (RFC 9112 sections 6 and 7). Content is handed on as slices,
 * never copied. One per connection; {@code begin…} starts a message.
 */
final class BodyReader {
    /** Longest chunk-size line, extensions included; they are read and dropped (RFC 9112 section 7.1.1). */
    private static final int MAX_CHUNK_LINE = 4096;

    private static final int MAX_SIZE_DIGITS = 15;

    private enum State {
        DONE,
        LENGTH,
        UNTIL_CLOSE,
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILERS
    }

    private final HeadScanner scanner;
    private final HeadParser parser;
    private State state = State.DONE;
    private long remaining;

    BodyReader(HeadScanner scanner, HeadParser parser) {
        this.scanner = scanner;
        this.parser = parser;
    }

    void beginLength(long length) {
        remaining = length;
        state = length == 0 ? State.DONE : State.LENGTH;
    }

    void beginChunked() {
        state = State.CHUNK_SIZE;
    }

    void beginUntilClose() {
        state = State.UNTIL_CLOSE;
    }

    /** Whether the message is complete. */
    boolean done() {
        return state == State.DONE;
    }

    /** Whether the connection's end is the message's end. */
    boolean untilClose() {
        return state == State.UNTIL_CLOSE;
    }

    /** Forgets the message. */
    void abandon() {
        state = State.DONE;
    }

    /**
     * Hands on what is there; returns when the message is complete, the bytes are used up, or the sink wants no more.
     */
    void read(ByteBuf in, Sink sink) throws Http1Exception {
        while (state != State.DONE && sink.open()) {
            switch (state) {
                case LENGTH, CHUNK_DATA -> {
                    int available = in.readableBytes();
                    if (available == 0) {
                        return;
                    }
                    int take = (int) Math.min(available, remaining);
                    remaining -= take;
                    boolean last = remaining == 0 && state == State.LENGTH;
                    if (remaining == 0) {
                        state = last ? State.DONE : State.CHUNK_END;
                    }
                    sink.data(in.readRetainedSlice(take), last);
                }
                case UNTIL_CLOSE -> {
                    if (!in.isReadable()) {
                        return;
                    }
                    sink.data(in.readRetainedSlice(in.readableBytes()), false);
                }
                case CHUNK_SIZE -> {
                    if (!chunkSize(in)) {
                        return;
                    }
                }
                case CHUNK_END -> {
                    if (in.readableBytes() < 2) {
                        if (in.isReadable() && in.getByte(in.readerIndex()) != '\r') {
                            throw badRequest("a chunk is longer than its size");
                        }
                        return;
                    }
                    if (in.readByte() != '\r' || in.readByte() != '\n') {
                        throw badRequest("a chunk is longer than its size");
                    }
                    state = State.CHUNK_SIZE;
                }
                case TRAILERS -> {
                    if (!trailers(in, sink)) {
                        return;
                    }
                }
                case DONE -> {}
            }
        }
    }

    private boolean chunkSize(ByteBuf in) throws Http1Exception {
        int start = in.readerIndex();
        int limit = Math.min(in.readableBytes(), MAX_CHUNK_LINE);
        long size = 0;
        int digits = 0;
        int p = 0;
        for (; p < limit; p++) {
            int digit = Http1Syntax.hex(in.getByte(start + p));
            if (digit < 0) {
                break;
            }
            if (++digits > MAX_SIZE_DIGITS) {
                throw badRequest("a chunk size of more than " + MAX_SIZE_DIGITS + " digits");
            }
            size = size << 4 | digit;
        }
        if (p == limit) {
            return incompleteLine(limit);
        }
        byte next = in.getByte(start + p);
        if (digits == 0 || next != ';' && next != '\r') {
            throw badRequest("a chunk size has the byte " + Http1Syntax.show(next));
        }
        while (p < limit && in.getByte(start + p) != '\r') {
            byte b = in.getByte(start + p);
            if (!Http1Syntax.value(b)) {
                throw badRequest("a chunk extension has the byte " + Http1Syntax.show(b));
            }
            p++;
        }
        if (p + 1 >= limit) {
            return incompleteLine(limit);
        }
        if (in.getByte(start + p + 1) != '\n') {
            throw badRequest("a chunk size ends in CR without LF");
        }
        in.readerIndex(start + p + 2);
        remaining = size;
        state = size == 0 ? State.TRAILERS : State.CHUNK_DATA;
        scanner.reset();
        return true;
    }

    private static boolean incompleteLine(int limit) throws Http1Exception {
        if (limit == MAX_CHUNK_LINE) {
            throw badRequest("a chunk size line of more than " + MAX_CHUNK_LINE + " bytes");
        }
        return false;
    }

    private boolean trailers(ByteBuf in, Sink sink) throws Http1Exception {
        int length = scanner.scan(in);
        if (length == HeadScanner.INCOMPLETE) {
            return false;
        }
        state = State.DONE;
        scanner.reset();
        if (length == 2) {
            in.skipBytes(2);
            sink.end();
        } else {
            Fields trailers = new Fields(length, 4);
            parser.trailers(in, length, trailers);
            sink.trailers(trailers);
        }
        return true;
    }

    /** Takes content. */
    interface Sink {
        void data(ByteBuf data, boolean end);

        /** The message ends without more content and without trailers. */
        void end();

        void trailers(Fields trailers);

        /** Whether more may be handed on now. */
        boolean open();
    }
}
