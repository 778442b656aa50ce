package dev.lateen.proxy.stream;

import dev.lateen.proxycore.head.ResponseHead;

/** What a client's codec tells about the answer to one request. */
public interface ResponseEvents extends MessageEvents {
    /** An interim answer (1xx but 101). Any number of them may come before the head. */
    void informational(ResponseHead head);

    /** The final head, or 101, after which data flows both ways until the connection ends. */
    void head(ResponseHead head, boolean end);
}
