package dev.lateen.proxy.codec;

import dev.lateen.proxycore.Http2Options;

/**
 * Limits of one HTTP/2 connection, as this side announces them (RFC 9113 section 6.5.2).
 *
 * @param maxHeadBytes largest header block, counted as the specification counts it
 * @param maxFields most fields in a block
 * @param maxStreams most streams that a client may have open at a time
 * @param streamWindow bytes that one stream may have here unconsumed
 * @param connectionWindow bytes that all streams together may have here unconsumed
 */
public record Http2Limits(int maxHeadBytes, int maxFields, int maxStreams, int streamWindow, int connectionWindow) {
    /** 60 KiB and 100 fields as in HTTP/1.1; 1,024 streams; windows of 256 KiB and 1 MiB. */
    public static final Http2Limits DEFAULT = new Http2Limits(60 * 1024, 100, 1024, 256 * 1024, 1024 * 1024);

    /** The same with what a configuration says. */
    public Http2Limits with(Http2Options options) {
        return new Http2Limits(
                maxHeadBytes,
                maxFields,
                options.maxStreams() == 0 ? maxStreams : options.maxStreams(),
                options.streamWindow() == 0 ? streamWindow : options.streamWindow(),
                options.connectionWindow() == 0 ? connectionWindow : options.connectionWindow());
    }

    /** The same with these limits of header blocks. */
    public Http2Limits withHeads(int bytes, int fields) {
        return new Http2Limits(bytes, fields, maxStreams, streamWindow, connectionWindow);
    }
}
