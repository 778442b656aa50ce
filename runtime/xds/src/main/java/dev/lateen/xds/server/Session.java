package dev.lateen.xds.server;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One client's conversation as a state machine without IO: requests and changed resources in, responses out, in the
 * order in which they are to be written. Not safe for threads; its stream calls it one at a time.
 *
 * @param <Q> request message
 * @param <R> response message
 */
interface Session<Q, R> {
    /** The node of a request; only the first one of a stream needs it. */
    Node nodeOf(Q request);

    /** @throws io.grpc.StatusRuntimeException if the request breaks the protocol */
    List<R> onRequest(Q request, ResourceSet resources);

    List<R> onChange(ResourceSet resources);

    List<TypeStatus> types();

    /** Type URL → name → version of what the client was sent and still has. */
    Map<String, Map<String, String>> sent();

    /** Who answers what is asked for on the stream and is no configuration. */
    interface Questions {
        Questions NONE = (type, names) -> null;

        /** See {@link ResourceProvider.Client#answer}. */
        @Nullable
        DiscoveryResponse answer(String type, List<String> names);
    }

    /** Told when a client refuses a response. */
    interface Rejections {
        void rejected(String type, String reason);
    }
}
