package dev.lateen.mesh.translate;

import dev.lateen.config.networking.ClientTls;
import dev.lateen.config.networking.ServerTls;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Names of keys and certificates, and where proxies ask for them: their own agent for the workload's identity, the
 * control plane for what stands in Secrets of the cluster. The names are Istio's.
 */
public final class Secrets {
    /** Begins the name of a Secret in the proxy's own namespace: {@code kubernetes://NAME}. */
    public static final String OF_NAMESPACE = "kubernetes://";

    /** Begins the name of a Secret that an object may refer to wherever it is: {@code kubernetes-gateway://NAMESPACE/NAME}. */
    public static final String REFERRED = "kubernetes-gateway://";

    /** Ends the name of those roots that a Secret holds. */
    public static final String ROOTS_SUFFIX = "-cacert";

    /** The workload's own certificate. */
    static final SdsSecretConfig OWN = ofAgent("default");

    /** The roots of the mesh. */
    static final SdsSecretConfig MESH_ROOTS = ofAgent("ROOTCA");

    private Secrets() {}

    private static SdsSecretConfig ofAgent(String name) {
        return SdsSecretConfig.newBuilder()
                .setName(name)
                // Over a socket of the pod.
                .setSdsConfig(ConfigSource.newBuilder()
                        .setApiConfigSource(ApiConfigSource.newBuilder()
                                .setApiType(ApiConfigSource.ApiType.GRPC)
                                .setTransportApiVersion(ApiVersion.V3)
                                .setSetNodeOnFirstMessageOnly(true)
                                .addGrpcServices(GrpcService.newBuilder()
                                        .setEnvoyGrpc(GrpcService.EnvoyGrpc.newBuilder()
                                                .setClusterName("sds-grpc"))))
                        .setInitialFetchTimeout(Messages.ZERO)
                        .setResourceApiVersion(ApiVersion.V3))
                .build();
    }

    /** What the control plane sends under a name. */
    static SdsSecretConfig ofControlPlane(String name) {
        return SdsSecretConfig.newBuilder()
                .setName(name)
                .setSdsConfig(Messages.ADS)
                .build();
    }

    /** Certificate and key of a credential, by the name that a rule has for it. */
    static String certificate(String credential) {
        return credential.startsWith(REFERRED) ? credential : OF_NAMESPACE + credential;
    }

    /** Roots of a credential, by the name that a rule has for it. */
    static String roots(String credential) {
        String name = certificate(credential);
        return name.endsWith(ROOTS_SUFFIX) ? name : name + ROOTS_SUFFIX;
    }

    /** All that the control plane is asked for by a gateway's server. */
    static List<String> of(ServerTls tls) {
        List<String> names = new ArrayList<>();
        tls.credentials().stream()
                .filter(credential -> !credential.equals(ServerTls.OWN))
                .forEach(credential -> names.add(certificate(credential)));
        String roots = GatewayTls.rootsCredential(tls);
        if (!roots.isEmpty()) {
            names.add(roots(roots));
        }
        return names;
    }

    /** All that the control plane is asked for by connections to a destination. */
    static List<String> of(ClientTls tls) {
        if (tls.credentialName().isEmpty()) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        if (tls.mode() == ClientTls.Mode.MUTUAL) {
            names.add(certificate(tls.credentialName()));
        }
        if (!tls.trustsAnyone()) {
            names.add(roots(tls.credentialName()));
        }
        return names;
    }
}
