package dev.lateen.mesh.translate;

import dev.lateen.config.security.AuthorizationProvider;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshService;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The services of the mesh's settings that policies may have asked, as one proxy sees them. */
public final class ExternalAuthorizers {
    private final Snapshot snapshot;
    private final Predicate<String> known;

    /** @param known whether the proxy has a cluster of a name */
    ExternalAuthorizers(Snapshot snapshot, Predicate<String> known) {
        this.snapshot = snapshot;
        this.known = known;
    }

    /** A provider, and where it is. */
    record Found(AuthorizationProvider provider, String host, String cluster) {}

    /** The provider of a name; null when there is none, or the proxy cannot reach its service. */
    @Nullable
    Found find(String name) {
        for (AuthorizationProvider provider : snapshot.mesh().authorizers()) {
            if (provider.name().equals(name)) {
                MeshService service = service(snapshot, provider);
                String cluster = service == null ? "" : Names.outbound(provider.port(), "", service.host());
                return service != null && known.test(cluster) ? new Found(provider, service.host(), cluster) : null;
            }
        }
        return null;
    }

    /** Whether the mesh has the service of a provider, with its port. */
    public static boolean isThere(Snapshot snapshot, AuthorizationProvider provider) {
        return service(snapshot, provider) != null;
    }

    /** The service of a provider; null when the mesh has none with this port. */
    private static @Nullable MeshService service(Snapshot snapshot, AuthorizationProvider provider) {
        int slash = provider.service().indexOf('/');
        String namespace = slash < 0 ? "" : provider.service().substring(0, slash);
        List<MeshService> services =
                snapshot.registry().services(provider.service().substring(slash + 1));
        for (MeshService service : services) {
            boolean open = service.ports().stream().anyMatch(port -> port.number() == provider.port());
            if (open && (namespace.isEmpty() || namespace.equals(service.namespace()))) {
                return service;
            }
        }
        return null;
    }
}
