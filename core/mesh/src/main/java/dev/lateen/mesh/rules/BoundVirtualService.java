package dev.lateen.mesh.rules;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.GatewayNames;
import dev.lateen.config.networking.VirtualService;
import java.util.List;
import java.util.Set;

/**
 * A VirtualService with its names made full.
 *
 * @param hosts full names, or patterns, in the order of the object
 * @param gateways {@code mesh}, or gateways as {@code namespace/name}
 * @param http the HTTP rules, with delegated ones in their places
 */
public record BoundVirtualService(
        ConfigObject<VirtualService> object, List<String> hosts, Set<String> gateways, List<BoundRoute> http) {
    public VirtualService spec() {
        return object.spec();
    }

    /** Whether it holds for sidecars. */
    public boolean isForMesh() {
        return gateways.contains(VirtualService.MESH);
    }

    /** Whether {@code namespace} sees it. */
    public boolean isVisibleFrom(String namespace) {
        return Visibility.sees(namespace, spec().exportTo(), object.namespace());
    }

    /** Whether {@code namespace} sees it, where one that says nothing is exported so. */
    public boolean isVisibleFrom(String namespace, List<String> otherwise) {
        return Visibility.sees(
                namespace, spec().exportTo().isEmpty() ? otherwise : spec().exportTo(), object.namespace());
    }

    /** A gateway's name in a list of this object, made full. */
    public String gateway(String name) {
        return gateway(name, object.namespace());
    }

    static String gateway(String name, String namespace) {
        return GatewayNames.full(name, namespace);
    }
}
