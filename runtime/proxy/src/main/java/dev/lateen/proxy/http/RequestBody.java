package dev.lateen.proxy.http;

import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxycore.head.Fields;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The content of a request between its sender and the tries that it is sent on. As long as it may be needed again it is
 * kept, up to a limit; beyond it, what was sent is let go and the request can be sent no other time.
 */
final class RequestBody {
    private final long limit;
    /** Most requests have none. */
    private List<ByteBuf> chunks = List.of();

    private long kept;
    private boolean keeping;
    private boolean ended;
    private int sent;
    private @Nullable Fields trailers;

    RequestBody(boolean keeping, long limit) {
        this.keeping = keeping;
        this.limit = limit;
    }

    /** Takes more content, whose ownership passes. */
    void add(ByteBuf data, boolean end) {
        ended = end;
        if (data.isReadable()) {
            kept += data.readableBytes();
            if (chunks.isEmpty()) {
                chunks = new ArrayList<>(2);
            }
            chunks.add(data);
        } else {
            data.release();
        }
        if (kept > limit) {
            keeping = false;
        }
    }

    void end(@Nullable Fields withTrailers) {
        ended = true;
        trailers = withTrailers == null ? null : withTrailers.copy();
    }

    boolean ended() {
        return ended;
    }

    /** Whether all content so far is still here, so that the request can be sent from its beginning. */
    boolean replayable() {
        return keeping;
    }

    boolean isEmpty() {
        return chunks.isEmpty() && trailers == null;
    }

    /** Begins anew with the first byte. */
    void rewind() {
        sent = 0;
    }

    /** Sends what has not been sent on this try. */
    void sendTo(ClientStream stream) {
        while (sent < chunks.size()) {
            ByteBuf chunk = chunks.get(sent);
            sent++;
            boolean last = ended && trailers == null && sent == chunks.size();
            if (!keeping) {
                chunks.set(sent - 1, Unpooled.EMPTY_BUFFER); // before it is sent, which may end all of this
            }
            stream.data(keeping ? chunk.retainedDuplicate() : chunk, last);
            if (last) {
                return;
            }
        }
        if (!ended) {
            return;
        }
        Fields last = trailers;
        if (last != null) {
            stream.trailers(last);
        } else {
            stream.data(Unpooled.EMPTY_BUFFER, true);
        }
    }

    /** The same content for another reader; both are to be released. */
    RequestBody duplicate() {
        RequestBody other = new RequestBody(false, limit);
        if (!chunks.isEmpty()) {
            other.chunks = new ArrayList<>(chunks);
            other.chunks.replaceAll(ByteBuf::retainedDuplicate);
        }
        other.ended = ended;
        other.trailers = trailers;
        return other;
    }

    /** Lets go of everything. */
    void release() {
        chunks.forEach(ByteBuf::release);
        chunks = List.of();
        keeping = false;
        sent = 0;
    }
}
