package dev.lateen.proxy.http;

import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.filter.CorsPolicy;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;

/** A stream whose answer says what pages of another origin may see of it. */
record CrossOrigin(ServerStream stream, CorsPolicy policy, String origin) implements ServerStream {
    @Override
    public void informational(ResponseHead head) {
        stream.informational(head);
    }

    @Override
    public void head(ResponseHead head, boolean end) {
        policy.decorate(head, origin);
        stream.head(head, end);
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        stream.data(data, end);
    }

    @Override
    public void trailers(Fields trailers) {
        stream.trailers(trailers);
    }

    @Override
    public void reset(Reset reason) {
        stream.reset(reason);
    }

    @Override
    public void consumed(int bytes) {
        stream.consumed(bytes);
    }

    @Override
    public boolean writable() {
        return stream.writable();
    }
}
