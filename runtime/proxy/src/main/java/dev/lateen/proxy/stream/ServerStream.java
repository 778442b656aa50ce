package dev.lateen.proxy.stream;

import dev.lateen.proxycore.head.ResponseHead;

/** A stream seen by the one who answers. */
public interface ServerStream extends HttpStream {
    /** The version that the client speaks, as access logs show it: {@code HTTP/1.1}. */
    String protocol();

    /** How long the head of the request took to come, in nanoseconds; 0 when it came at once. */
    long headNanos();

    /** Sends an interim answer, 100 or another 1xx but 101. */
    void informational(ResponseHead head);

    /** Sends the answer's head; {@code end} when there is no content. */
    void head(ResponseHead head, boolean end);
}
