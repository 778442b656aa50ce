package dev.lateen.proxycore.cluster;

import java.time.Duration;

/** Where a cluster's endpoints come from ({@code envoy.config.cluster.v3.Cluster.DiscoveryType}). */
public sealed interface Discovery {
    /**
     * From ADS, by this name. Until they are there, the cluster is not ready.
     *
     * @param patience how long they are waited for; zero means for ever
     */
    record Eds(String serviceName, Duration patience) implements Discovery {}

    /** They came with the cluster. */
    record Static(EndpointSet endpoints) implements Discovery {}

    /**
     * From DNS, for the names among the endpoints.
     *
     * @param endpoints with unresolved addresses where DNS has to say
     * @param logical whether only the first address of the answer is used, at each new connection; else each address
     *     is an endpoint
     * @param refresh how often DNS is asked again
     * @param failureRefresh the same after a failure
     * @param family which addresses are asked for
     */
    record Dns(EndpointSet endpoints, boolean logical, Duration refresh, Duration failureRefresh, DnsFamily family)
            implements Discovery {}

    /**
     * The address that the client dialled.
     *
     * @param portOverride a port that takes the place of the dialled one, or 0
     * @param cleanup endpoints that nobody uses are forgotten after this
     */
    record OriginalDestination(int portOverride, Duration cleanup) implements Discovery {}

    /**
     * The address of the name that a request or connection asks for, looked up by a filter before.
     *
     * @param ttl endpoints that nobody used for so long are forgotten
     * @param most how many there may be at a time
     */
    record ByRequest(Duration ttl, int most) implements Discovery {}

    /** Which addresses DNS is asked for. */
    enum DnsFamily {
        /** IPv6, and IPv4 when there is none. */
        AUTO,
        V4_ONLY,
        V6_ONLY,
        V4_PREFERRED,
        ALL
    }
}
