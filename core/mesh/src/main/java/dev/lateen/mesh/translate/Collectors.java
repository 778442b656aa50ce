package dev.lateen.mesh.translate;

import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import org.jspecify.annotations.Nullable;

/** Services beside the mesh that proxies tell of their traffic, as providers name them. */
final class Collectors {
    private Collectors() {}

    /** Of {@code NAMESPACE/HOST} the host. */
    static String host(String service) {
        return service.substring(service.indexOf('/') + 1);
    }

    /**
     * The cluster of a host, which may be of the form {@code NAME.NAMESPACE}; null where it is no service of the mesh: a
     * proxy would refuse what names it.
     */
    static @Nullable String cluster(Snapshot snapshot, String host, String port) {
        String domain = snapshot.domain();
        for (String full : new String[] {host, host + ".svc." + domain, host + "." + domain}) {
            for (MeshService service : snapshot.registry().services(full)) {
                for (MeshPort open : service.ports()) {
                    if (Integer.toString(open.number()).equals(port)) {
                        return Names.outbound(open.number(), "", full);
                    }
                }
            }
        }
        return null;
    }

    /** A service of gRPC, called by the name that the provider has for it. */
    static GrpcService.Builder grpc(String cluster, String host) {
        return GrpcService.newBuilder()
                .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder()
                        .setClusterName(cluster)
                        .setAuthority(host));
    }
}
