package dev.lateen.proxycore.cluster;

import com.google.protobuf.Struct;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * One address of a cluster as configured or discovered. Immutable.
 *
 * @param address where it listens; unresolved when DNS has yet to say
 * @param hostname its name, for automatic host rewrites; may be empty
 * @param weight at least 1
 * @param health what the control plane says of it
 * @param check what is particular about its active health checks
 * @param transportMatch metadata {@code envoy.transport_socket_match}, by which the transport socket is chosen
 * @param metadata metadata {@code envoy.lb} and others, for those who show it
 */
public record Endpoint(
        InetSocketAddress address,
        String hostname,
        int weight,
        Health health,
        Check check,
        Struct transportMatch,
        io.envoyproxy.envoy.config.core.v3.Metadata metadata) {

    /** What the control plane says of an endpoint's health. */
    public enum Health {
        HEALTHY,
        DEGRADED,
        /** Must not be used, nor be there for those who look: unhealthy, timed out or draining. */
        UNHEALTHY
    }

    /**
     * What is particular about the active health checks of one endpoint.
     *
     * @param port that is asked instead of its own, or 0
     * @param hostname that requests of HTTP are addressed to, or empty
     * @param none whether it is not checked, and taken for well
     */
    public record Check(int port, String hostname, boolean none) {
        /** Nothing. */
        public static final Check USUAL = new Check(0, "", false);
    }

    /** The same endpoint at the address that DNS gave for its name. */
    public Endpoint resolved(InetAddress ip) {
        return new Endpoint(
                new InetSocketAddress(ip, address.getPort()),
                hostname,
                weight,
                health,
                check,
                transportMatch,
                metadata);
    }

    /** An endpoint of which only the address is known. */
    public static Endpoint at(InetSocketAddress address) {
        return new Endpoint(
                address,
                "",
                1,
                Health.HEALTHY,
                Check.USUAL,
                Struct.getDefaultInstance(),
                io.envoyproxy.envoy.config.core.v3.Metadata.getDefaultInstance());
    }
}
