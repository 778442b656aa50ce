package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.any;
import static dev.lateen.mesh.translate.Messages.text;

import com.google.protobuf.Struct;
import dev.lateen.config.networking.ClientTls;
import dev.lateen.config.networking.TrafficPolicy.ProxyProtocol;
import dev.lateen.config.security.PeerAuthentication.Mode;
import dev.lateen.mesh.gatewayapi.BackendTls;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.rules.Policies;
import dev.lateen.mesh.translate.ClusterPolicy.Upstream;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.TransportSocketMatch;
import io.envoyproxy.envoy.config.core.v3.ProxyProtocolConfig;
import io.envoyproxy.envoy.config.core.v3.ProxyProtocolConfig.Version;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How an outbound cluster wraps its connections: as its BackendTLSPolicy says, else as its DestinationRule does; without a word of that, in mutual TLS
 * towards endpoints that take it, and in the clear towards others (Istio's automatic mutual TLS).
 */
final class Encryption {
    /** Label of pods whose proxy takes mutual TLS. */
    static final String LABEL = "security.istio.io/tlsMode";

    static final String MESH = "istio";
    private static final String TLS_MODE = "tlsMode";
    private static final Struct TAKES_TLS =
            Struct.newBuilder().putFields(TLS_MODE, text(MESH)).build();

    private Encryption() {}

    /** Whether an endpoint takes mutual TLS: its proxy can, and no PeerAuthentication turned it off. */
    static boolean takesTls(Scope scope, Endpoint endpoint) {
        return MESH.equals(endpoint.labels().get(LABEL))
                && scope.security().mode(endpoint.workload().namespace(), endpoint.labels(), endpoint.port())
                        != Mode.DISABLE;
    }

    /** Metadata by which a cluster's connections to the endpoint are told to be in TLS. */
    static Struct metadata() {
        return TAKES_TLS;
    }

    /**
     * Writes the transport sockets of a cluster.
     *
     * @param subset name of the subset, empty without one
     */
    static void apply(
            Cluster.Builder cluster,
            Scope scope,
            MeshService service,
            MeshPort port,
            String subset,
            Policies policies,
            List<Endpoint> endpoints) {
        ClientTls tls = policies.tls();
        Upstream upstream = Upstream.of(port.protocol(), policies.connectionPool());
        if (scope.backendTls(service, port) instanceof BackendTls.Verified backend) {
            cluster.setTransportSocket(Origination.backend(backend, scope.clientCertificate(), upstream));
            return;
        }
        ClientTls.Mode mode = tls == null ? null : tls.mode();
        if (mode == ClientTls.Mode.DISABLE) {
            return;
        }
        if (tls != null && (mode == ClientTls.Mode.SIMPLE || mode == ClientTls.Mode.MUTUAL)) {
            cluster.setTransportSocket(Origination.client(tls, upstream, service.host(), service.certificateNames()));
            return;
        }
        if (tls != null && mode == ClientTls.Mode.ISTIO_MUTUAL) {
            cluster.setTransportSocket(mutual(scope, service, port, upstream, subset, tls, endpoints));
            return;
        }
        List<Endpoint> secured =
                endpoints.stream().filter(e -> takesTls(scope, e)).toList();
        if (secured.isEmpty()) {
            return;
        }
        if (cluster.getType() == Cluster.DiscoveryType.EDS) {
            cluster.addTransportSocketMatches(TransportSocketMatch.newBuilder()
                            .setName("tlsMode-istio")
                            .setMatch(TAKES_TLS)
                            .setTransportSocket(mutual(scope, service, port, upstream, subset, null, secured)))
                    .addTransportSocketMatches(TransportSocketMatch.newBuilder()
                            .setName("tlsMode-disabled")
                            .setMatch(Struct.getDefaultInstance())
                            .setTransportSocket(MutualTls.RAW));
        } else if (secured.size() == endpoints.size()) {
            // Endpoints that are found by address alone carry no metadata: all or none.
            cluster.setTransportSocket(mutual(scope, service, port, upstream, subset, null, secured));
        }
    }

    /** Has every connection begin with the PROXY protocol where it is asked for, before the TLS that there may be. */
    static void announceSource(Cluster.Builder cluster, Policies policies) {
        ProxyProtocol header = policies.proxyProtocol();
        if (header == null) {
            return;
        }
        ProxyProtocolConfig config = ProxyProtocolConfig.newBuilder()
                .setVersion(header.version() == ProxyProtocol.Version.V2 ? Version.V2 : Version.V1)
                .build();
        if (cluster.getTransportSocketMatchesCount() == 0) {
            cluster.setTransportSocket(
                    announcing(config, cluster.hasTransportSocket() ? cluster.getTransportSocket() : MutualTls.RAW));
        }
        for (TransportSocketMatch.Builder match : cluster.getTransportSocketMatchesBuilderList()) {
            match.setTransportSocket(announcing(config, match.getTransportSocket()));
        }
    }

    private static TransportSocket announcing(ProxyProtocolConfig config, TransportSocket inside) {
        return TransportSocket.newBuilder()
                .setName("envoy.transport_sockets.upstream_proxy_protocol")
                .setTypedConfig(any(ProxyProtocolUpstreamTransport.newBuilder()
                        .setConfig(config)
                        .setTransportSocket(inside)
                        .build()))
                .build();
    }

    /** @param rule what a rule says of names, or null */
    private static TransportSocket mutual(
            Scope scope,
            MeshService service,
            MeshPort port,
            Upstream upstream,
            String subset,
            @Nullable ClientTls rule,
            List<Endpoint> endpoints) {
        Set<String> accounts = endpoints.stream()
                .filter(e -> !e.serviceAccount().isEmpty())
                .map(e -> e.workload().namespace() + "/" + e.serviceAccount())
                .collect(Collectors.toSet());
        return MutualTls.client(
                scope.mesh(),
                upstream,
                port.protocol().isHttp(),
                rule == null || rule.subjectAltNames().isEmpty() ? service.certificateNames() : rule.subjectAltNames(),
                accounts,
                rule == null || rule.sni().isEmpty()
                        ? AutoPassthrough.name(port.number(), subset, service.host())
                        : rule.sni());
    }
}
