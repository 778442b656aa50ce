package dev.lateen.proxy.upstream;

import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxycore.ResetReason;

/** Who asked for a connection; told once, and on the event loop. */
public interface Waiter {
    /** Here it is; a stream is opened on it at once. */
    void connected(ClientConnection connection);

    /** There is none: {@link ResetReason#OVERFLOW}, or why it could not be made, with words for people. */
    void failed(ResetReason reason, String detail);
}
