package dev.lateen.proxycore;

/** Why a stream ended before its end, whatever the version of HTTP. */
public enum ResetReason {
    /** This side gave up. */
    LOCAL_RESET("local reset", ResponseFlag.LR),
    /** This side refused the stream before it began. */
    LOCAL_REFUSED("local refused stream reset", ResponseFlag.LR),
    /** The peer gave up. */
    REMOTE_RESET("remote reset", ResponseFlag.UR),
    /** The peer says that it never looked at the stream (RFC 9113 section 8.7), or had closed before it could. */
    REMOTE_REFUSED("remote refused stream reset", ResponseFlag.UR),
    /** No connection: this side could not make one. */
    LOCAL_CONNECTION_FAILURE("local connection failure", ResponseFlag.UF),
    /** No connection: the peer refused it. */
    REMOTE_CONNECTION_FAILURE("remote connection failure", ResponseFlag.UF),
    /** No connection in time. */
    CONNECTION_TIMEOUT("connection timeout", ResponseFlag.UF),
    /** The connection ended before the stream did. */
    CONNECTION_TERMINATION("connection termination", ResponseFlag.UC),
    /** A circuit breaker is open. */
    OVERFLOW("overflow", ResponseFlag.UO),
    /** The peer broke the protocol. */
    PROTOCOL_ERROR("protocol error", ResponseFlag.UPE),
    /** The overload manager gave up. */
    OVERLOAD_MANAGER("overload manager reset", ResponseFlag.OM);

    private final String text;
    private final ResponseFlag flag;

    ResetReason(String text, ResponseFlag flag) {
        this.text = text;
        this.flag = flag;
    }

    /** Envoy's flag for it. */
    public ResponseFlag flag() {
        return flag;
    }

    /** Envoy's response code details of a stream that ended so: {@code upstream_reset_before_response_started{remote_reset}}. */
    public String details(String when) {
        return when + "{" + text.replace(' ', '_') + "}";
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
