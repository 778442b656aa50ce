package dev.lateen.proxy.codec;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Remembers how the last streams of a connection ended, so that frames which come too late can be told apart. */
final class PastStreams {
    private static final int REMEMBERED = 128;

    /** Ids of streams, the sign tells that this side reset it; 0 for none. */
    private final int[] ids = new int[REMEMBERED];

    private int next;
    private boolean forgot;

    void add(int id, boolean resetHere) {
        forgot |= ids[next] != 0;
        ids[next] = resetHere ? -id : id;
        next = (next + 1) % REMEMBERED;
    }

    /**
     * What a frame on a stream that is over means (RFC 9113 section 5.1, "closed", and section 5.1.1): an error of the
     * connection, or nothing, which is null.
     */
    @Nullable
    Http2Exception error(int id) {
        for (int past : ids) {
            if (past == id) {
                return afterItsEnd(id);
            }
            if (past == -id) {
                return null; // it was on its way before the peer could know
            }
        }
        int oldest = Arrays.stream(ids).map(Math::abs).min().orElse(0);
        if (forgot && id < oldest) {
            return afterItsEnd(id); // too long ago to know how it ended
        }
        return Http2Exception.connectionError(
                Http2Error.PROTOCOL_ERROR, "stream %d is smaller than the one before", id);
    }

    private static Http2Exception afterItsEnd(int id) {
        return Http2Exception.connectionError(Http2Error.STREAM_CLOSED, "a frame on stream %d after its end", id);
    }
}
