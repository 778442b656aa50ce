package dev.lateen.proxycore;

import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;

/**
 * How HTTP/2 is spoken on a connection, from {@code envoy.config.core.v3.Http2ProtocolOptions}; 0 leaves a value to the
 * codec.
 *
 * @param maxStreams how many streams there may be at a time
 * @param streamWindow bytes that the peer may send ahead on one stream
 * @param connectionWindow bytes that the peer may send ahead on all streams together
 */
public record Http2Options(int maxStreams, int streamWindow, int connectionWindow) {
    /** Nothing said. */
    public static final Http2Options DEFAULT = new Http2Options(0, 0, 0);

    private static final int SMALLEST_WINDOW = 65_535;

    /** Compiles them; what cannot be honoured is refused. */
    public static Http2Options of(Http2ProtocolOptions proto, Place at) throws CompileException {
        // Without effect here: upgrades by CONNECT are always understood, and the size of HPACK's table is the codec's.
        at.only(
                proto,
                "max_concurrent_streams",
                "initial_stream_window_size",
                "initial_connection_window_size",
                "allow_connect",
                "hpack_table_size");
        int maxStreams = proto.hasMaxConcurrentStreams() ? at.number(proto.getMaxConcurrentStreams()) : 0;
        if (proto.hasMaxConcurrentStreams() && maxStreams == 0) {
            throw at.field("max_concurrent_streams").refuse("must be at least 1");
        }
        return new Http2Options(
                maxStreams,
                proto.hasInitialStreamWindowSize()
                        ? window(at.number(proto.getInitialStreamWindowSize()), at.field("initial_stream_window_size"))
                        : 0,
                proto.hasInitialConnectionWindowSize()
                        ? window(
                                at.number(proto.getInitialConnectionWindowSize()),
                                at.field("initial_connection_window_size"))
                        : 0);
    }

    private static int window(int bytes, Place at) throws CompileException {
        if (bytes < SMALLEST_WINDOW) {
            throw at.refuse("must be at least " + SMALLEST_WINDOW);
        }
        return bytes;
    }
}
