package dev.lateen.proxy.stream;

/** Why a stream ended before its messages did. */
public enum Reset {
    /** The peer said that it did not touch the request, or it never left this process: safe to send again. */
    REFUSED,
    /** The peer ended the stream and kept the connection. */
    REMOTE,
    /** The connection was closed or reset under the stream. */
    TERMINATED,
    /** The peer broke the protocol; the connection is of no more use. */
    PROTOCOL_ERROR,
    /** This side lost interest: its own peer went away, or time was up. */
    CANCELLED
}
