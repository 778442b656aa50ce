package dev.lateen.proxy.http;

import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.filter.Compression;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.HeadPreparation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request, whoever gives it, on its way back past the filters of its connection manager: what they asked
 * for is done to its head, its content is compressed where one wants it, and its end ends the stream's time limits.
 */
final class FilteredAnswer implements ServerStream {
    private final ServerStream client;
    private final RequestHead request;
    private final HeadPreparation preparation;
    private final HeldContent held;
    private final StreamDeadline deadline;
    private @Nullable List<Consumer<ResponseHead>> changes;
    private @Nullable Compression compression;
    private @Nullable GzipStream gzip;
    private boolean begun;

    /** @param held the request's content, which nobody needs any more when an answer begins */
    FilteredAnswer(
            ServerStream client,
            RequestHead request,
            HeadPreparation preparation,
            HeldContent held,
            StreamDeadline deadline) {
        this.client = client;
        this.request = request;
        this.preparation = preparation;
        this.held = held;
        this.deadline = deadline;
    }

    /** Whether it has begun, or cannot begin any more. */
    boolean begun() {
        return begun;
    }

    /** Has this done to its head, before what others asked for earlier. */
    void change(Consumer<ResponseHead> change) {
        List<Consumer<ResponseHead>> all = changes;
        if (all == null) {
            all = new ArrayList<>(2);
            changes = all;
        }
        all.add(change);
    }

    /** Has its content compressed, if it is worth it. */
    void compress(Compression wanted) {
        compression = wanted;
    }

    @Override
    public String protocol() {
        return client.protocol();
    }

    @Override
    public long headNanos() {
        return client.headNanos();
    }

    @Override
    public void informational(ResponseHead informational) {
        deadline.touch();
        client.informational(informational);
    }

    @Override
    public void head(ResponseHead response, boolean end) {
        begun = true;
        held.waitsNoMore();
        List<Consumer<ResponseHead>> all = changes;
        if (all != null) {
            for (int i = all.size() - 1; i >= 0; i--) {
                all.get(i).accept(response);
            }
        }
        preparation.response(response, request);
        if (compression != null && !end && compression.begin(response)) {
            gzip = new GzipStream(compression.level());
        }
        sent(end);
        client.head(response, end);
        held.release();
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        sent(end);
        GzipStream stream = gzip;
        client.data(stream == null ? data : stream.next(data, end, PooledByteBufAllocator.DEFAULT), end);
        if (end) {
            endCompression();
        }
    }

    /** The stream is watched until the answer is complete, whatever of the request is still to come. */
    private void sent(boolean end) {
        deadline.touch();
        if (end) {
            deadline.end();
        }
    }

    @Override
    public void trailers(Fields trailers) {
        sent(true);
        GzipStream stream = gzip;
        if (stream != null) {
            client.data(stream.next(Unpooled.EMPTY_BUFFER, true, PooledByteBufAllocator.DEFAULT), false);
            endCompression();
        }
        client.trailers(trailers);
    }

    private void endCompression() {
        GzipStream stream = gzip;
        gzip = null;
        if (stream != null) {
            stream.close();
        }
    }

    @Override
    public void reset(Reset reason) {
        abandon();
        client.reset(reason);
    }

    /** Nobody waits for it any more. */
    void abandon() {
        begun = true;
        deadline.end();
        endCompression();
        held.release();
    }

    @Override
    public void consumed(int bytes) {
        held.consumed(bytes);
    }

    /** Drops content of a request that is answered already. */
    void drop(ByteBuf data) {
        int bytes = data.readableBytes();
        data.release();
        client.consumed(bytes);
    }

    @Override
    public boolean writable() {
        return client.writable();
    }
}
