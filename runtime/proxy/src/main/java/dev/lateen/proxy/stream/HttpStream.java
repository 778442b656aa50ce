package dev.lateen.proxy.stream;

import dev.lateen.proxycore.head.Fields;
import io.netty.buffer.ByteBuf;

/**
 * One request with its response on a connection, seen from the side that sends one of the two messages. Only called on
 * the connection's event loop. What is sent after the end or a reset is dropped, so that callers need not ask first.
 *
 * <p>Flow: a receiver holds at most the codec's window of content for which it has not called {@link #consumed}; beyond
 * it the codec stops reading. A sender looks at {@link #writable} and stops returning credit to its own source while it
 * is false. So the slowest socket sets the pace and memory is bounded per stream.
 */
public interface HttpStream {
    /** Sends content, whose ownership passes. */
    void data(ByteBuf data, boolean end);

    /** Sends trailers, which end the message. */
    void trailers(Fields trailers);

    /** Ends the stream in both directions. Nothing more is told to its events. */
    void reset(Reset reason);

    /** So many bytes of received content are done with. */
    void consumed(int bytes);

    /** Whether the peer keeps up; when it does not, {@link MessageEvents#writable} tells when it does again. */
    boolean writable();
}
