package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.GatewaySpec.From;
import dev.lateen.config.kubernetes.GatewaySpec.RouteNamespaces;
import dev.lateen.config.kubernetes.ReferenceGrantSpec;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Registry;
import dev.lateen.mesh.security.TrustBundle;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What routes and gateways refer to.
 *
 * @param namespaces labels by name
 * @param domain of the cluster
 * @param bundles roots in ConfigMaps, by name
 */
record Surroundings(
        Registry registry,
        Map<String, Map<String, String>> namespaces,
        String domain,
        Collection<ConfigObject<ReferenceGrantSpec>> grants,
        Map<ObjectName, TrustBundle> bundles) {
    String host(String service, String namespace) {
        return service + "." + namespace + ".svc." + domain;
    }

    /** The Service of a cluster by name, null when there is none. */
    @Nullable
    MeshService service(String name, String namespace) {
        return registry.services(host(name, namespace)).stream()
                .filter(service -> service.kind() == MeshService.Kind.KUBERNETES)
                .findFirst()
                .orElse(null);
    }

    Map<String, String> labels(String namespace) {
        return namespaces.getOrDefault(namespace, Map.of("kubernetes.io/metadata.name", namespace));
    }

    /**
     * Whether namespaces are allowed that this one is of.
     *
     * @param otherwise what holds where nothing is said
     * @param own namespace of the object that allows
     */
    boolean allows(@Nullable RouteNamespaces namespaces, From otherwise, String own, String namespace) {
        From from = namespaces == null || namespaces.from() == null ? otherwise : namespaces.from();
        return switch (from) {
            case SAME -> namespace.equals(own);
            case ALL -> true;
            case NONE -> false;
            case SELECTOR ->
                namespaces != null
                        && namespaces.selector() != null
                        && namespaces.selector().selects(labels(namespace));
        };
    }

    /** Whether an object of one namespace may refer to one of another. */
    boolean mayRefer(String kind, String from, String toKind, String to, String name) {
        return from.equals(to)
                || grants.stream()
                        .filter(grant -> grant.namespace().equals(to))
                        .anyMatch(grant -> grant.spec().from().stream()
                                        .anyMatch(f -> f.group().equals(Kinds.KUBERNETES_GATEWAY.group())
                                                && f.kind().equals(kind)
                                                && f.namespace().equals(from))
                                && grant.spec().to().stream()
                                        .anyMatch(t -> t.group().isEmpty()
                                                && t.kind().equals(toKind)
                                                && (t.name() == null || t.name().equals(name))));
    }
}
