package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.head.Fields;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A request's content while a filter has the request wait, and what it waits for. The content stays without credit, so
 * that the client soon stops sending, unless a filter asks for it.
 */
final class HeldContent {
    private final ServerStream client;
    private final List<ByteBuf> pieces = new ArrayList<>(2);
    private @Nullable Fields trailers;
    private @Nullable Wish wish;
    private Timer.Timeout waiting = () -> {};
    private int size;
    /** Bytes for which the client has its credit already. */
    private int credited;

    private record Wish(int most, BiConsumer<byte[], Boolean> then) {}

    HeldContent(ServerStream client) {
        this.client = client;
    }

    /** The request waits for this, which is taken back when an answer or an end comes first. */
    void await(Timer.Timeout wait) {
        waiting = wait;
    }

    /** Nothing is waited for any more. */
    void waitsNoMore() {
        waiting.cancel();
    }

    boolean isEmpty() {
        return pieces.isEmpty() && trailers == null;
    }

    void add(ByteBuf data, boolean end) {
        size += data.readableBytes();
        pieces.add(data);
        look(end);
    }

    void end(Fields last) {
        trailers = last.copy();
        look(true);
    }

    /**
     * Waits for content, which stays here.
     *
     * @param most how many bytes are waited for
     * @param ended whether all is here already
     * @param then hears them, and whether that is all
     */
    void collect(int most, boolean ended, BiConsumer<byte[], Boolean> then) {
        wish = new Wish(most, then);
        look(ended);
    }

    private void look(boolean ended) {
        Wish asked = wish;
        if (asked == null) {
            return;
        }
        if (!ended && size <= asked.most()) {
            int more = size - credited;
            credited = size;
            client.consumed(more); // sends on: what is held is bounded by the wish
            return;
        }
        wish = null;
        byte[] content = new byte[Math.min(size, asked.most())];
        int at = 0;
        for (ByteBuf piece : pieces) {
            int bytes = Math.min(piece.readableBytes(), content.length - at);
            piece.getBytes(piece.readerIndex(), content, at, bytes);
            at += bytes;
        }
        asked.then().accept(content, size <= asked.most());
    }

    /** Hands all on. */
    void passTo(RequestEvents to, boolean ended) {
        for (int i = 0; i < pieces.size(); i++) {
            to.data(pieces.get(i), ended && trailers == null && i == pieces.size() - 1);
        }
        pieces.clear();
        size = 0;
        Fields last = trailers;
        if (last != null) {
            to.trailers(last);
        }
    }

    /** So many bytes have found their place: gives the client the credit for those that it has not got yet. */
    void consumed(int bytes) {
        int before = Math.min(bytes, credited);
        credited -= before;
        client.consumed(bytes - before);
    }

    /** Lets go of everything. */
    void release() {
        waitsNoMore();
        if (!pieces.isEmpty()) {
            int bytes = size;
            pieces.forEach(ByteBuf::release);
            pieces.clear();
            size = 0;
            consumed(bytes);
        }
        wish = null;
    }
}
