package dev.lateen.xds.server;

import io.envoyproxy.envoy.config.core.v3.Node;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A connected client as others see it; a live view, safe for many threads. */
public interface ClientStatus {
    /** Unique in this server's life. */
    String connectionId();

    Node node();

    String address();

    Instant connectedAt();

    /** Whether the client speaks incremental ADS; else state of the world. */
    boolean delta();

    List<TypeStatus> types();

    /** Of the resources that the client was last compared with, whether or not there was anything to send. */
    long generation();

    /** What the client has been sent: type URL → name → version. */
    Map<String, Map<String, String>> sent();
}
