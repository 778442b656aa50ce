package dev.lateen.proxy.stream;

import dev.lateen.proxycore.head.RequestHead;

/** A stream seen by the one who asks. */
public interface ClientStream extends HttpStream {
    /** Sends the request's head; {@code end} when there is no content. */
    void head(RequestHead head, boolean end);
}
