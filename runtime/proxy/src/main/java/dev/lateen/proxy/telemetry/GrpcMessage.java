package dev.lateen.proxy.telemetry;

import java.nio.ByteBuffer;

/** The only message of a call of gRPC, or of its answer (gRPC over HTTP2, "Length-Prefixed-Message"). */
final class GrpcMessage {
    /** Whether it is compressed, then the length. */
    private static final int PREFIX = 5;

    private GrpcMessage() {}

    /** Not compressed. */
    static byte[] framed(byte[] message) {
        return ByteBuffer.allocate(PREFIX + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
    }

    /**
     * What an answer says; empty when nothing.
     *
     * @param framed whether it is a message of gRPC
     */
    static ByteBuffer content(byte[] answer, boolean framed) {
        int start = Math.min(answer.length, framed ? PREFIX : 0);
        return ByteBuffer.wrap(answer, start, answer.length - start);
    }
}
