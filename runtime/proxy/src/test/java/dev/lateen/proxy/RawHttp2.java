package dev.lateen.proxy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A client of HTTP/2 that sends whatever frames a test likes (RFC 9113 section 4.1). */
final class RawHttp2 implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;
    static final byte[] NOTHING = {};
    /** GET http / a. */
    static final byte[] GET = {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a'};

    /** A frame that came. */
    record Frame(int type, int flags, int stream, ByteBuffer payload) {
        /** The code of RST_STREAM. */
        int code() {
            return payload.getInt(0);
        }

        /** The code of GOAWAY. */
        int lastCode() {
            return payload.getInt(4);
        }
    }

    private final Socket socket;

    RawHttp2(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
        send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** The next frame; null when the connection has ended, in order or not. */
    @Nullable
    Frame next() {
        try {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int first = in.readInt();
            int flags = in.readUnsignedByte();
            int stream = in.readInt();
            byte[] payload = new byte[first >>> 8];
            in.readFully(payload);
            return new Frame(first & 0xFF, flags, stream, ByteBuffer.wrap(payload));
        } catch (EOFException e) {
            return null;
        } catch (java.net.SocketTimeoutException e) {
            throw new UncheckedIOException("nothing came, and the connection has not ended", e);
        } catch (IOException e) {
            return null; // it was reset
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
