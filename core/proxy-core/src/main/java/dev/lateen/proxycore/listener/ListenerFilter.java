package dev.lateen.proxycore.listener;

/** What looks at a connection before its filter chain is chosen. */
public sealed interface ListenerFilter {
    /** Restores the address that the client dialled before the connection was redirected here. */
    record OriginalDestination() implements ListenerFilter {}

    /** Reads the TLS client hello: server name and application protocols. */
    record TlsInspector() implements ListenerFilter {}

    /** Looks whether the first bytes are HTTP: application protocols {@code http/1.0}, {@code http/1.1}, {@code h2c}. */
    record HttpInspector() implements ListenerFilter {}
}
