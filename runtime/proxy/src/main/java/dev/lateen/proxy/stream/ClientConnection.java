package dev.lateen.proxy.stream;

import io.netty.channel.Channel;

/** A connection to an upstream that carries streams, whatever the version of HTTP. Used on its event loop only. */
public interface ClientConnection {
    /** How many streams may be opened now; none or less when the connection is full, or takes no other stream at all. */
    int room();

    /** How many streams are open. */
    int streams();

    /** Opens a stream; there must be {@link #room}. */
    ClientStream open(ResponseEvents events);

    /** Takes no other stream, and closes when the last one has ended. */
    void drain();

    /** Ends the connection; a stream on it is told {@link Reset#TERMINATED}. */
    void close();

    /** The version that it speaks, as access logs show it: {@code HTTP/1.1}. */
    String protocol();

    /** The socket, for its addresses. */
    Channel channel();

    /** The one who keeps the connection. */
    interface Owner {
        /** There is other room than before, or the connection will take no other stream; {@link #room} tells. */
        void available(ClientConnection connection);

        /** It is gone; told once. */
        void closed(ClientConnection connection);
    }
}
