package dev.lateen.xds.server;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the server's resources come from. */
public interface ResourceProvider {
    /**
     * A client has said who it is.
     *
     * @param node from the first message of its stream
     * @param peer who its connection was authenticated as; null on a port without authentication
     * @param changed to be run after {@link Client#current} has changed; returns at once, from any thread
     * @throws IllegalArgumentException if this node cannot be served; ends the stream with INVALID_ARGUMENT
     * @throws SecurityException if it may not be served; ends the stream with PERMISSION_DENIED
     */
    Client connect(Node node, @Nullable PeerIdentity peer, Runnable changed);

    /** One connected client. */
    interface Client extends AutoCloseable {
        /** What this client gets now. May take its time; called on a thread of the client's own. */
        ResourceSet current();

        /**
         * Answers a question that Istio's tools put on the stream, under a type that is no resource of the mesh
         * ({@code istio.io/debug/syncz}); null for a type that is no question. Each request is answered once, at once.
         *
         * @param names what is asked about
         * @throws SecurityException if this client may not ask; ends the stream with PERMISSION_DENIED
         */
        default @Nullable DiscoveryResponse answer(String type, List<String> names) {
            return null;
        }

        /** The stream ended. */
        @Override
        void close();
    }
}
