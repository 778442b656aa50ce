package dev.lateen.bench;

/** Messages as gRPC frames them (gRPC over HTTP/2, "Length-Prefixed-Message"), of so many bytes that mean nothing. */
final class GrpcMessage {
    private static final int PREFIX = 5;

    private GrpcMessage() {}

    /** One that is not compressed. */
    static byte[] of(int size) {
        byte[] framed = new byte[PREFIX + size];
        java.nio.ByteBuffer.wrap(framed).put((byte) 0).putInt(size);
        return framed;
    }
}
