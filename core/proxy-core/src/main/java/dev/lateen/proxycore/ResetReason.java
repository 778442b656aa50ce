package dev.lateen.proxycore;

/** Why a stream ended before its end, whatever the version of HTTP. */
public enum ResetReason {
    /** This side gave up. */
    LOCAL_RESET("local reset"),
    /** This side refused the stream before it began. */
    LOCAL_REFUSED("local refused stream reset"),
    /** The peer gave up. */
    REMOTE_RESET("remote reset"),
    /** The peer says that it never looked at the stream (RFC 9113 section 8.7), or had closed before it could. */
    REMOTE_REFUSED("remote refused stream reset"),
    /** No connection: this side could not make one. */
    LOCAL_CONNECTION_FAILURE("local connection failure"),
    /** No connection: the peer refused it. */
    REMOTE_CONNECTION_FAILURE("remote connection failure"),
    /** No connection in time. */
    CONNECTION_TIMEOUT("connection timeout"),
    /** The connection ended before the stream did. */
    CONNECTION_TERMINATION("connection termination"),
    /** A circuit breaker is open. */
    OVERFLOW("overflow"),
    /** The peer broke the protocol. */
    PROTOCOL_ERROR("protocol error"),
    /** The overload manager gave up. */
    OVERLOAD_MANAGER("overload manager reset");

    private final String text;

    ResetReason(String text) {
        this.text = text;
    }

    /** Envoy's words for it, as in response bodies and, with underscores, in response code details. */
    public String text() {
        return text;
    }

    /** Whether it failed before there was a connection, so that the peer has seen nothing. */
    public boolean isConnectFailure() {
        return this == LOCAL_CONNECTION_FAILURE || this == REMOTE_CONNECTION_FAILURE || this == CONNECTION_TIMEOUT;
    }
}
