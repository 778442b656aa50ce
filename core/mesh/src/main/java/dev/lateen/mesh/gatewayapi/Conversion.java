package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.networking.Gateway;
import dev.lateen.config.security.TargetReference;
import dev.lateen.mesh.rules.BoundVirtualService;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The Gateway API's and Ingress' objects in the mesh's own terms.
 *
 * @param gateways ports at the edge
 * @param edge rules for them
 * @param callers rules of single namespaces for their calls of services, which come before all others
 * @param services rules of services for calls from everywhere
 * @param reports what is said about each object
 * @param managed Gateways that proxies are to be made for, with the listeners of their ListenerSets
 * @param backendTls how ports are called for which there is a policy
 * @param bundles ConfigMaps that hold roots for that
 */
public record Conversion(
        List<EdgeGateway> gateways,
        List<BoundVirtualService> edge,
        List<BoundVirtualService> callers,
        List<BoundVirtualService> services,
        Map<ObjectName, RouteReport> reports,
        List<ConfigObject<GatewaySpec>> managed,
        Map<BackendTls.Port, BackendTls> backendTls,
        Set<ObjectName> bundles) {
    /** Of no objects. */
    public static final Conversion NONE =
            new Conversion(List.of(), List.of(), List.of(), List.of(), Map.of(), List.of(), Map.of(), Set.of());

    /** Label of the pods that were made for a Gateway. */
    public static final String NAME_LABEL = TargetReference.GATEWAY_NAME;

    /** How the callers of a port at the edge are verified; null where they are not asked for certificates. */
    public @Nullable CallerCheck callerCheck(ConfigObject<Gateway> gateway) {
        return gateways.stream()
                .filter(edge -> edge.gateway().objectName().equals(gateway.objectName()))
                .map(EdgeGateway::check)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** The credential that a proxy at the edge shows backends of BackendTLSPolicies; empty for none. */
    public String clientCertificate(String namespace, Map<String, String> labels) {
        return gateways.stream()
                .filter(edge -> !edge.clientCertificate().isEmpty() && edge.selects(namespace, labels))
                .map(EdgeGateway::clientCertificate)
                .findFirst()
                .orElse("");
    }

    /** Name of the Service that is made for a Gateway. */
    public static String serviceName(ConfigObject<GatewaySpec> gateway) {
        return gateway.name() + "-" + gateway.spec().gatewayClassName();
    }
}
