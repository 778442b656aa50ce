package dev.lateen.proxy.codec;

/**
 * Limits of one HTTP/1.1 connection.
 *
 * @param maxHeadBytes longest head or trailer block; beyond it a request gets 431
 * @param maxFields most fields in a block
 * @param window bytes of content that the receiver may hold unconsumed before the socket is read no further
 */
public record Http1Settings(int maxHeadBytes, int maxFields, int window) {
    /** Envoy's defaults: 60 KiB, 100 fields; a window of 256 KiB. */
    public static final Http1Settings DEFAULT = new Http1Settings(60 * 1024, 100, 256 * 1024);

    public Http1Settings withMaxHeadBytes(int bytes) {
        return new Http1Settings(bytes, maxFields, window);
    }

    public Http1Settings withMaxFields(int fields) {
        return new Http1Settings(maxHeadBytes, fields, window);
    }

    public Http1Settings withWindow(int bytes) {
        return new Http1Settings(maxHeadBytes, maxFields, bytes);
    }
}
