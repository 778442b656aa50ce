package dev.lateen.cluster.node;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One call of {@code grpc.health.v1.Health/Check} over HTTP/2 in the clear: just enough of RFC 9113 and RFC 7541 for
 * that, all header fields literal, so that the node needs no gRPC library.
 */
final class GrpcHealth {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RESET = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GOAWAY = 7;
    private static final int END_STREAM = 1;
    private static final int ACK = 1;
    private static final int END_HEADERS = 4;
    private static final int MAX_FRAME = 16 << 10;
    private static final byte SERVING = 1;

    private GrpcHealth() {}

    /** Whether the service answers SERVING; any failure of the protocol is an exception. */
    static boolean check(Socket socket, String service) throws IOException {
        OutputStream out = socket.getOutputStream();
        var request = new ByteArrayOutputStream();
        request.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        frame(request, SETTINGS, 0, 0, new byte[0]);
        var headers = new ByteArrayOutputStream();
        field(headers, ":method", "POST");
        field(headers, ":scheme", "http");
        field(headers, ":path", "/grpc.health.v1.Health/Check");
        field(headers, ":authority", "probe");
        field(headers, "content-type", "application/grpc");
        field(headers, "te", "trailers");
        frame(request, HEADERS, END_HEADERS, 1, headers.toByteArray());
        byte[] name = service.getBytes(StandardCharsets.UTF_8);
        if (name.length > 100) {
            throw new IOException("the service's name is longer than 100 bytes");
        }
        var message = new ByteArrayOutputStream();
        int length = name.length == 0 ? 0 : name.length + 2;
        message.write(new byte[] {0, 0, 0, 0, (byte) length});
        if (length > 0) {
            message.write(new byte[] {0x0a, (byte) name.length});
            message.write(name);
        }
        frame(request, DATA, END_STREAM, 1, message.toByteArray());
        out.write(request.toByteArray());
        out.flush();
        return answer(new DataInputStream(socket.getInputStream()), out);
    }

    private static boolean answer(DataInputStream in, OutputStream out) throws IOException {
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int stream = in.readInt() & 0x7fffffff;
            if (length > MAX_FRAME) {
                throw new IOException("the answer is not HTTP/2");
            }
            byte[] payload = in.readNBytes(length);
            if (type == DATA && stream == 1 && payload.length >= 5) {
                // HealthCheckResponse: field 1, a varint; absent means UNKNOWN.
                return payload.length >= 7 && payload[5] == 0x08 && payload[6] == SERVING;
            } else if (type == RESET || type == GOAWAY || (type == HEADERS && (flags & END_STREAM) != 0)) {
                throw new IOException("the health service gave no answer");
            } else if (type == SETTINGS && (flags & ACK) == 0) {
                send(out, SETTINGS, new byte[0]);
            } else if (type == PING && (flags & ACK) == 0) {
                send(out, PING, payload);
            }
        }
    }

    private static void send(OutputStream out, int type, byte[] payload) throws IOException {
        var frame = new ByteArrayOutputStream();
        frame(frame, type, ACK, 0, payload);
        out.write(frame.toByteArray());
        out.flush();
    }

    private static void frame(ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload)
            throws IOException {
        out.write(new byte[] {
            (byte) (payload.length >> 16),
            (byte) (payload.length >> 8),
            (byte) payload.length,
            (byte) type,
            (byte) flags,
            0,
            0,
            0,
            (byte) stream
        });
        out.write(Arrays.copyOf(payload, payload.length));
    }

    private static void field(ByteArrayOutputStream out, String name, String value) throws IOException {
        out.write(0);
        out.write(name.length());
        out.write(name.getBytes(StandardCharsets.US_ASCII));
        out.write(value.length());
        out.write(value.getBytes(StandardCharsets.US_ASCII));
    }
}
