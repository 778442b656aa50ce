package dev.lateen.proxy.stream;

import io.netty.channel.Channel;

/** A connection to an upstream that carries streams, whatever the version of HTTP. Used on its event loop only. */
public interface ClientConnection {
    /**
     * Opens a stream. The connection must have room ({@link Owner#available} was the last thing that it said, or it is
     * new).
     */
    ClientStream open(ResponseEvents events);

    /** Ends the connection; a stream on it is told {@link Reset#TERMINATED}. */
    void close();

    /** The socket, for its addresses. */
    Channel channel();

    /** The one who keeps the connection. */
    interface Owner {
        /** A stream has ended well and another may be opened. */
        void available(ClientConnection connection);

        /** It is gone, or will take no other stream; told once. */
        void closed(ClientConnection connection);
    }
}
