package dev.lateen.xds.server;

/** What the server tells while it works. Methods return at once; called from many threads. */
public interface XdsMetrics {
    XdsMetrics NONE = new XdsMetrics() {};

    default void connected(ClientStatus client) {}

    default void disconnected(ClientStatus client) {}

    /**
     * A response was written.
     *
     * @param nanos since its resources began to be put together, or since the request for them came
     */
    default void pushed(ClientStatus client, String type, int resources, long bytes, long nanos) {}

    /** Every type that differed has been written for this generation (see {@link ResourceEncoder#encode}). */
    default void converged(ClientStatus client, long generation) {}

    /** Everything that was written until this generation has been accepted; may be told again. */
    default void settled(ClientStatus client, long generation) {}

    default void rejected(ClientStatus client, String type, String reason) {}

    /** A stream ended by an error of this side. */
    default void failed(ClientStatus client) {}

    /** A connection was closed, since the port holds as many as it may. */
    default void connectionRefused() {}
}
