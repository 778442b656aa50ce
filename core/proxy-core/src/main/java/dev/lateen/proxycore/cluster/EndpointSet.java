package dev.lateen.proxycore.cluster;

import com.google.protobuf.Struct;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The endpoints of a cluster, compiled from {@code envoy.config.endpoint.v3.ClusterLoadAssignment}. Immutable.
 *
 * @param cluster name of the cluster
 * @param groups endpoints by locality and priority, in the order given
 * @param overprovisioning in percent: how much of a priority may fail before the next takes over; 140 by default
 * @param weightedPriorityHealth whether a priority's health counts weights instead of endpoints
 */
public record EndpointSet(String cluster, List<Group> groups, int overprovisioning, boolean weightedPriorityHealth) {
    static final int DEFAULT_OVERPROVISIONING = 140;
    private static final String TRANSPORT_MATCH = "envoy.transport_socket_match";

    public EndpointSet {
        groups = List.copyOf(groups);
    }

    /**
     * Endpoints of one locality and priority.
     *
     * @param priority 0 is the first choice
     * @param weight of the locality among those of its priority; 0 when it has none
     */
    public record Group(Locality locality, int priority, int weight, List<Endpoint> endpoints) {
        public Group {
            endpoints = List.copyOf(endpoints);
        }
    }

    /** No endpoint. */
    public static EndpointSet empty(String cluster) {
        return new EndpointSet(cluster, List.of(), DEFAULT_OVERPROVISIONING, false);
    }

    /** Endpoints of one locality and priority with the usual factors. */
    public static EndpointSet of(String cluster, List<Endpoint> endpoints) {
        return new EndpointSet(
                cluster, List.of(new Group(Locality.UNKNOWN, 0, 1, endpoints)), DEFAULT_OVERPROVISIONING, false);
    }

    /** Compiles what EDS sent. Addresses must be literals. */
    public static EndpointSet of(ClusterLoadAssignment proto) throws CompileException {
        Place top = Place.of("endpoints", proto.getClusterName());
        return of(top.known(proto), top, false);
    }

    static EndpointSet of(ClusterLoadAssignment proto, Place top, boolean names) throws CompileException {
        ClusterLoadAssignment.Policy policy = proto.getPolicy();
        List<Group> groups = new ArrayList<>();
        for (int i = 0; i < proto.getEndpointsCount(); i++) {
            groups.add(group(proto.getEndpoints(i), top.item("endpoints", i), names));
        }
        return new EndpointSet(
                proto.getClusterName(),
                groups,
                policy.hasOverprovisioningFactor()
                        ? top.number(policy.getOverprovisioningFactor())
                        : DEFAULT_OVERPROVISIONING,
                policy.getWeightedPriorityHealth());
    }

    private static Group group(LocalityLbEndpoints proto, Place at, boolean names) throws CompileException {
        if (proto.getPriority() < 0 || proto.getPriority() > 128) {
            throw at.field("priority").refuse("not from 0 to 128: " + proto.getPriority());
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < proto.getLbEndpointsCount(); i++) {
            endpoints.add(endpoint(proto.getLbEndpoints(i), at.item("lb_endpoints", i), names));
        }
        var locality = proto.getLocality();
        return new Group(
                new Locality(locality.getRegion(), locality.getZone(), locality.getSubZone()),
                proto.getPriority(),
                proto.hasLoadBalancingWeight() ? at.number(proto.getLoadBalancingWeight()) : 0,
                endpoints);
    }

    private static Endpoint endpoint(LbEndpoint proto, Place at, boolean names) throws CompileException {
        var endpoint = proto.getEndpoint();
        int weight = proto.hasLoadBalancingWeight() ? at.number(proto.getLoadBalancingWeight()) : 1;
        if (weight < 1) {
            throw at.field("load_balancing_weight").refuse("must be at least 1");
        }
        Endpoint.Health health =
                switch (proto.getHealthStatus()) {
                    case UNKNOWN, HEALTHY -> Endpoint.Health.HEALTHY;
                    case DEGRADED -> Endpoint.Health.DEGRADED;
                    case UNHEALTHY, DRAINING, TIMEOUT -> Endpoint.Health.UNHEALTHY;
                    case UNRECOGNIZED -> throw at.field("health_status").refuse("not a health status");
                };
        Struct match =
                proto.getMetadata().getFilterMetadataMap().getOrDefault(TRANSPORT_MATCH, Struct.getDefaultInstance());
        return new Endpoint(
                address(endpoint.getAddress(), at.field("endpoint").field("address"), names),
                endpoint.getHostname(),
                weight,
                health,
                check(endpoint.getHealthCheckConfig(), at.field("endpoint").field("health_check_config")),
                match,
                proto.getMetadata());
    }

    private static Endpoint.Check check(
            io.envoyproxy.envoy.config.endpoint.v3.Endpoint.HealthCheckConfig proto, Place at) throws CompileException {
        int port = proto.getPortValue();
        if (port < 0 || port > 65_535) {
            throw at.field("port_value").refuse("not a port: " + port);
        }
        return new Endpoint.Check(port, proto.getHostname(), proto.getDisableActiveHealthCheck());
    }

    private static InetSocketAddress address(Address proto, Place at, boolean names) throws CompileException {
        if (!proto.hasSocketAddress()) {
            throw at.refuse("only socket addresses are supported, not " + proto.getAddressCase());
        }
        SocketAddress socket = proto.getSocketAddress();
        int port = socket.getPortValue();
        if (port < 0 || port > 65_535) {
            throw at.refuse("not a port: " + port);
        }
        if (names) {
            try {
                return new InetSocketAddress(InetAddress.ofLiteral(socket.getAddress()), port);
            } catch (IllegalArgumentException e) {
                return InetSocketAddress.createUnresolved(socket.getAddress(), port); // a name: DNS will say
            }
        }
        return new InetSocketAddress(at.literal(socket.getAddress()), port);
    }

    /** All endpoints, whatever their priority. */
    public List<Endpoint> all() {
        return groups.stream().flatMap(group -> group.endpoints().stream()).toList();
    }
}
