package dev.lateen.proxy.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Content in the gzip format (RFC 1952), piece by piece: what was put in has come out when a piece is done, so that a
 * client sees events as they happen. To be closed, as it holds memory outside the heap.
 */
final class GzipStream implements AutoCloseable {
    private static final byte[] HEADER = {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, 0};
    private static final int TRAILER = 8;
    private static final int PIECE = 8192;

    private final Deflater deflater;
    private final CRC32 checksum = new CRC32();
    private boolean begun;

    GzipStream(int level) {
        deflater = new Deflater(level, true);
    }

    /** The next piece, compressed; the one given is released. */
    ByteBuf next(ByteBuf data, boolean end, ByteBufAllocator buffers) {
        ByteBuf out = buffers.buffer(Math.max(64, data.readableBytes() / 4));
        try {
            if (!begun) {
                begun = true;
                out.writeBytes(HEADER);
            }
            for (ByteBuffer part : data.nioBuffers()) {
                if (part.hasRemaining()) {
                    checksum.update(part.duplicate());
                    deflater.setInput(part);
                    deflate(out, Deflater.SYNC_FLUSH);
                }
            }
            if (end) {
                deflater.finish();
                deflate(out, Deflater.NO_FLUSH);
                out.ensureWritable(TRAILER);
                out.writeIntLE((int) checksum.getValue());
                out.writeIntLE((int) deflater.getBytesRead());
            }
            return out;
        } finally {
            data.release();
        }
    }

    private void deflate(ByteBuf out, int flush) {
        int written;
        do {
            out.ensureWritable(PIECE);
            written = deflater.deflate(out.nioBuffer(out.writerIndex(), PIECE), flush);
            out.writerIndex(out.writerIndex() + written);
        } while (written == PIECE || (!deflater.finished() && !deflater.needsInput()));
    }

    @Override
    public void close() {
        deflater.end();
    }
}
