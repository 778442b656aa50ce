package dev.lateen.proxy.stream;

import dev.lateen.proxycore.head.Fields;
import io.netty.buffer.ByteBuf;

/**
 * What a codec tells about a message after its head. All calls come on the connection's event loop. After the end (a
 * call with {@code end}, trailers, or a reset) nothing more comes, but for {@link #writable}.
 */
public interface MessageEvents {
    /**
     * Content, whose ownership passes. The receiver returns credit with {@link HttpStream#consumed} when the bytes have
     * found their place.
     */
    void data(ByteBuf data, boolean end);

    /** Trailers, which end the message. */
    void trailers(Fields trailers);

    /** The stream is gone in both directions; {@code detail} is for people. */
    void reset(Reset reason, String detail);

    /** {@link HttpStream#writable} has become true again. */
    void writable();
}
