package dev.lateen.proxy.stream;

import dev.lateen.proxycore.ResetReason;

/** Why a stream ended before its messages did. */
public enum Reset {
    /** The peer said that it did not touch the request, or it never left this process: safe to send again. */
    REFUSED(ResetReason.REMOTE_REFUSED),
    /** The peer ended the stream and kept the connection. */
    REMOTE(ResetReason.REMOTE_RESET),
    /** The connection was closed or reset under the stream. */
    TERMINATED(ResetReason.CONNECTION_TERMINATION),
    /** The peer broke the protocol; the connection is of no more use. */
    PROTOCOL_ERROR(ResetReason.PROTOCOL_ERROR),
    /** This side lost interest: its own peer went away, or time was up. */
    CANCELLED(ResetReason.LOCAL_RESET);

    private final ResetReason reason;

    Reset(ResetReason reason) {
        this.reason = reason;
    }

    /** What it is to rules of retries. */
    public ResetReason reason() {
        return reason;
    }
}
