package dev.lateen.proxy.tcp;

import io.netty.buffer.ByteBuf;

/**
 * The endpoint's side of a connection that is passed on: a socket of its own, or a stream of HTTP. What comes from it goes
 * to the client by itself. One event loop.
 */
interface Upstream {
    /** Sends what the client said; ownership passes. */
    void write(ByteBuf data);

    /** Whether the endpoint keeps up; when it does again, the client is read on. */
    boolean isWritable();

    /** The client has said all; what the endpoint says is still heard. */
    void endOutput();

    /** The client keeps up: there may be more. */
    void resume();

    /** The client is gone: ends behind what was written. */
    void finish();

    /** Ends at once. */
    void close();

    /** Ends at once, as something that was broken off. */
    void abort();

    boolean isOpen();
}
