package dev.lateen.proxy.tls;

/** Why a connection cannot be wrapped in TLS now: a secret that is missing, or one that cannot be used. */
public final class TlsUnavailable extends Exception {
    private static final long serialVersionUID = 1L;

    public TlsUnavailable(String reason) {
        super(reason);
    }

    TlsUnavailable(String reason, Throwable cause) {
        super(reason, cause);
    }
}
