package dev.lateen.proxy.codec;

import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxycore.head.Fields;
import io.netty.buffer.ByteBuf;

/** What follows a request that this codec refused itself: nobody listens. */
enum Unheard implements RequestEvents {
    REQUEST;

    @Override
    public void data(ByteBuf data, boolean end) {
        data.release();
    }

    @Override
    public void trailers(Fields trailers) {
        // The request was refused.
    }

    @Override
    public void reset(Reset reason, String detail) {
        // The request was refused.
    }

    @Override
    public void writable() {
        // Nothing more is written.
    }
}
