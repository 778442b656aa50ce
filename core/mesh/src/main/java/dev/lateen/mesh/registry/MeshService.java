package dev.lateen.mesh.registry;

import dev.lateen.config.ObjectName;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Something that can be called by a host name: a Kubernetes Service, or a host of a ServiceEntry.
 *
 * @param host full name in lower case; may begin with {@code *.}
 * @param addresses virtual addresses and CIDR blocks; empty for headless services and entries without
 * @param automatic addresses that were made up for a host that has none, for proxies that answer DNS themselves
 * @param published addresses by which it can be called from outside
 * @param externalAddresses those of outside that every node leads to it ({@code externalIPs} of a Service)
 * @param lookup the name that proxies ask DNS for, where {@code resolution} says so and no endpoints are given
 * @param external not part of the mesh
 * @param exportTo who sees it; empty means all
 * @param selector labels of its pods; empty when endpoints are given otherwise
 * @param created of the object, the epoch when unknown; older objects win conflicts
 * @param source the object
 * @param certificateNames that its servers' certificates bear; empty when not told
 * @param nearest labels of places that callers should share with endpoints, the widest first; empty when all are as good
 * @param nodeLocal callers get endpoints of their own node alone
 * @param waypoint that Istio's ambient mode would send its calls through, which there is not here; empty when not told
 * @param sticky calls from one address keep to one endpoint, where no rule says how they are shared out
 */
public record MeshService(
        String host,
        String namespace,
        Kind kind,
        List<String> addresses,
        List<String> automatic,
        List<String> published,
        List<String> externalAddresses,
        List<MeshPort> ports,
        Resolution resolution,
        String lookup,
        boolean external,
        List<String> exportTo,
        Map<String, String> selector,
        Instant created,
        ObjectName source,
        List<String> certificateNames,
        List<String> nearest,
        boolean nodeLocal,
        String waypoint,
        boolean sticky) {
    /** Where a service comes from. */
    public enum Kind {
        KUBERNETES,
        SERVICE_ENTRY
    }

    /** How a proxy finds where to connect. */
    public enum Resolution {
        /** The control plane sends the endpoints. */
        ENDPOINTS,
        /** The proxy asks DNS and uses all addresses. */
        DNS,
        /** The proxy asks DNS and uses one address at a time. */
        DNS_ROUND_ROBIN,
        /** The proxy asks DNS for the name that a caller wants. */
        BY_REQUEST,
        /** The caller's destination address. */
        PASSTHROUGH
    }

    public Optional<MeshPort> port(int number) {
        return ports.stream().filter(p -> p.number() == number).findFirst();
    }

    /** This service with other ports. */
    public MeshService withPorts(List<MeshPort> others) {
        return with(addresses, automatic, List.copyOf(others));
    }

    /** This service with addresses that were made up for it. */
    MeshService withAutomatic(List<String> made) {
        return with(addresses, List.copyOf(made), ports);
    }

    /** This service as it is called by those who look it up in the mesh's own table: by the addresses made up for it. */
    public MeshService atAutomatic(boolean ipv4, boolean ipv6) {
        List<String> made = automatic.stream()
                .filter(address -> address.contains(":") ? ipv6 : ipv4)
                .toList();
        return made.isEmpty() ? this : with(made, automatic, ports);
    }

    private MeshService with(List<String> otherAddresses, List<String> otherAutomatic, List<MeshPort> otherPorts) {
        return new MeshService(
                host,
                namespace,
                kind,
                otherAddresses,
                otherAutomatic,
                published,
                externalAddresses,
                otherPorts,
                resolution,
                lookup,
                external,
                exportTo,
                selector,
                created,
                source,
                certificateNames,
                nearest,
                nodeLocal,
                waypoint,
                sticky);
    }

    /** Every address and CIDR block that leads callers to it. */
    public List<String> dialled() {
        return Stream.concat(addresses.stream(), externalAddresses.stream()).toList();
    }

    public boolean isHeadless() {
        return kind == Kind.KUBERNETES && resolution == Resolution.PASSTHROUGH;
    }

    /** What telemetry calls the service: the Service's name, or the entry's host. */
    public String shownName() {
        return kind == Kind.KUBERNETES ? source.name() : host;
    }
}
