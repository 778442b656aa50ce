package dev.lateen.cluster.network;

import java.util.List;

/**
 * One port of one service, as the hub translates it.
 *
 * @param address the service's cluster address, or one of outside that leads to it
 * @param protocol {@code tcp} or {@code udp}
 * @param port the service's port
 * @param nodePort the port on the node's address, 0 if none
 * @param affinitySeconds how long a client stays with its endpoint; 0 chooses anew for each connection
 * @param endpoints the ready endpoints
 */
public record ServiceRoute(
        String address, String protocol, int port, int nodePort, int affinitySeconds, List<Endpoint> endpoints) {
    /** Copies the list. */
    public ServiceRoute {
        endpoints = List.copyOf(endpoints);
    }

    /** An address and a port that serve. */
    public record Endpoint(String address, int port) {}
}
