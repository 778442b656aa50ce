package dev.lateen.proxy.stream;

import dev.lateen.proxycore.head.RequestHead;

/** Takes the streams of a server's connection. */
public interface ServerStreams {
    /**
     * A request begins.
     *
     * @param head valid until the stream has ended; whoever needs it longer copies it
     * @param end whether there is no content
     * @return who hears the rest; not called when {@code end}, but for reset and writable
     */
    RequestEvents begin(ServerStream stream, RequestHead head, boolean end);

    /**
     * The peer broke the protocol before a stream could begin, and the codec answered and closes.
     *
     * @param protocol {@code HTTP/1.1} or {@code HTTP/2}
     * @param status the status that it answered
     * @param details Envoy's response code details
     * @param what is wrong, for people
     */
    void malformed(String protocol, int status, String details, String what);

    /** The peer sent more of what costs work than it may, and the codec ends the connection. */
    default void flooded(String detail) {
        malformed("HTTP/2", 400, "http2.inbound_empty_frames_flood", detail);
    }

    /** So many answers were complete, the peer took nothing of what was left of them, and the codec gave them up. */
    default void unsent(int count) {}
}
