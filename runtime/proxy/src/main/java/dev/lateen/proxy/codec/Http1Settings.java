package dev.lateen.proxy.codec;

/**
 * Limits of one HTTP/1.1 connection.
 *
 * @param maxHeadBytes longest head or trailer block; beyond it a request gets 431
 * @param maxFields most fields in a block
 * @param window bytes of content that the receiver may hold unconsumed before the socket is read no further
 * @param trailers whether trailers go on, in both directions; else they are read and dropped
 */
public record Http1Settings(int maxHeadBytes, int maxFields, int window, boolean trailers) {
    /** Envoy's defaults: 60 KiB, 100 fields, no trailers; a window of 256 KiB. */
    public static final Http1Settings DEFAULT = new Http1Settings(60 * 1024, 100, 256 * 1024, false);

    public Http1Settings withMaxHeadBytes(int bytes) {
        return new Http1Settings(bytes, maxFields, window, trailers);
    }

    public Http1Settings withMaxFields(int fields) {
        return new Http1Settings(maxHeadBytes, fields, window, trailers);
    }

    public Http1Settings withWindow(int bytes) {
        return new Http1Settings(maxHeadBytes, maxFields, bytes, trailers);
    }

    /** The same with the buffer limit of a listener or cluster; 0 leaves it as it is. */
    public Http1Settings withBufferLimit(int bytes) {
        return bytes == 0 ? this : withWindow(bytes);
    }

    public Http1Settings withTrailers(boolean on) {
        return new Http1Settings(maxHeadBytes, maxFields, window, on);
    }
}
