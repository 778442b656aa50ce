package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.number;
import static dev.lateen.mesh.translate.Messages.text;

import com.google.protobuf.Struct;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.Endpoint.WorkloadName;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import java.util.List;
import java.util.function.Predicate;

/** Endpoints of a cluster as a proxy takes them. */
final class Assignments {
    private Assignments() {}

    /**
     * All endpoints alike, whoever calls.
     *
     * @param tls whether an endpoint takes mutual TLS
     */
    static ClusterLoadAssignment of(String cluster, List<Endpoint> endpoints, Predicate<Endpoint> tls) {
        return ofGroups(cluster, Placement.of(endpoints), tls);
    }

    /** @param tls whether an endpoint takes mutual TLS */
    static ClusterLoadAssignment ofGroups(String cluster, List<Placement.Group> groups, Predicate<Endpoint> tls) {
        ClusterLoadAssignment.Builder assignment =
                ClusterLoadAssignment.newBuilder().setClusterName(cluster);
        for (Placement.Group group : groups) {
            LocalityLbEndpoints.Builder out = LocalityLbEndpoints.newBuilder()
                    .setLocality(Locality.newBuilder()
                            .setRegion(group.locality().region())
                            .setZone(group.locality().zone())
                            .setSubZone(group.locality().subzone()))
                    .setPriority(group.priority())
                    .setLoadBalancingWeight(number(group.weight()));
            group.endpoints().forEach(endpoint -> out.addLbEndpoints(of(endpoint, tls.test(endpoint))));
            assignment.addEndpoints(out);
        }
        return assignment.build();
    }

    private static LbEndpoint of(Endpoint endpoint, boolean tls) {
        LbEndpoint.Builder out = LbEndpoint.newBuilder().setLoadBalancingWeight(number(endpoint.weight()));
        out.getEndpointBuilder().setAddress(Messages.address(endpoint.address(), endpoint.port()));
        WorkloadName workload = endpoint.workload();
        if (!workload.name().isEmpty()) {
            String described = String.join(
                    ";",
                    workload.name(),
                    workload.namespace(),
                    workload.canonicalName(),
                    workload.canonicalRevision(),
                    "Kubernetes");
            out.setMetadata(Messages.metadata(
                    Struct.newBuilder().putFields("workload", text(described)).build()));
        }
        if (tls) {
            out.getMetadataBuilder().putFilterMetadata("envoy.transport_socket_match", Encryption.metadata());
        }
        return out.build();
    }
}
