package dev.lateen.xds.server;

import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.List;
import java.util.Map;

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

    /** Told when a client refuses a response. */
    interface Rejections {
        void rejected(String type, String reason);
    }
}
