package dev.lateen.mesh.translate;

import dev.lateen.config.MeshConfig;
import dev.lateen.mesh.Snapshot;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** TLS between proxies, with the certificates that each has from its own agent. Names and shapes are Istio's. */
final class MutualTls {
    /** By these the server's side knows a caller of the mesh from one that speaks TLS of its own. */
    static final List<String> MESH_HTTP = List.of("istio-http/1.0", "istio-http/1.1", "istio-h2");

    /** The same, whatever is spoken inside. */
    static final List<String> MESH =
            List.of("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2");

    static final List<String> MESH_TCP = List.of("istio-peer-exchange", "istio");

    static final TransportSocket RAW = TransportSocket.newBuilder()
            .setName("envoy.transport_sockets.raw_buffer")
            .setTypedConfig(Messages.any(RawBuffer.getDefaultInstance()))
            .build();

    private static final String SPIFFE = "spiffe://";

    private MutualTls() {}

    static String trustDomain(MeshConfig mesh) {
        return mesh.trustDomain().isEmpty() ? Snapshot.CLUSTER_DOMAIN : mesh.trustDomain();
    }

    /** Towards callers, who must show a certificate of the mesh's trust domain. */
    static TransportSocket server(MeshConfig mesh, boolean http) {
        CommonTlsContext.Builder common = common(members(mesh));
        if (http) {
            common.addAlpnProtocols("h2").addAlpnProtocols("http/1.1");
        } else {
            // Not istio-peer-exchange: who agrees to that must speak it.
            common.addAlpnProtocols("istio");
        }
        return tls(DownstreamTlsContext.newBuilder()
                .setCommonTlsContext(common)
                .setRequireClientCertificate(Messages.TRUE)
                .build());
    }

    /**
     * Towards endpoints of the mesh.
     *
     * @param registered names of which the certificate must bear one; empty: the accounts say
     * @param accounts of the endpoints, {@code NAMESPACE/ACCOUNT}: one of them must stand in the certificate; with none
     *     known, any of the trust domain
     * @param serverName as {@code outbound_.80_.v1_.host}
     */
    static TransportSocket client(
            MeshConfig mesh,
            ClusterPolicy.Upstream upstream,
            boolean http,
            List<String> registered,
            Collection<String> accounts,
            String serverName) {
        List<SubjectAltNameMatcher> names = registered.isEmpty()
                ? servers(mesh, accounts)
                : registered.stream().map(MutualTls::exact).toList();
        CommonTlsContext.Builder common = common(names);
        switch (upstream) {
            case HTTP2 ->
                common.addAlpnProtocols("istio-h2").addAlpnProtocols("istio").addAlpnProtocols("h2");
            case PLAIN -> {
                if (http) {
                    common.addAlpnProtocols("istio-http/1.1")
                            .addAlpnProtocols("istio")
                            .addAlpnProtocols("http/1.1");
                } else {
                    common.addAlpnProtocols("istio");
                }
            }
            // What is spoken is known with the first bytes only.
            case AS_DOWNSTREAM -> common.addAlpnProtocols("istio");
        }
        return tls(UpstreamTlsContext.newBuilder()
                .setCommonTlsContext(common)
                .setSni(serverName)
                .build());
    }

    private static List<SubjectAltNameMatcher> servers(MeshConfig mesh, Collection<String> accounts) {
        if (accounts.isEmpty()) {
            return members(mesh);
        }
        String domain = SPIFFE + trustDomain(mesh) + "/";
        return new TreeSet<>(accounts)
                .stream()
                        .map(account -> account.split("/", 2))
                        .map(parts ->
                                uri(StringMatcher.newBuilder().setExact(domain + "ns/" + parts[0] + "/sa/" + parts[1])))
                        .toList();
    }

    private static CommonTlsContext.Builder common(List<SubjectAltNameMatcher> names) {
        return CommonTlsContext.newBuilder()
                .setTlsParams(TlsParameters.newBuilder()
                        .setTlsMinimumProtocolVersion(TlsProtocol.TLSv1_2)
                        .setTlsMaximumProtocolVersion(TlsProtocol.TLSv1_3))
                .addTlsCertificateSdsSecretConfigs(Secrets.OWN)
                .setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                        .setDefaultValidationContext(
                                CertificateValidationContext.newBuilder().addAllMatchTypedSubjectAltNames(names))
                        .setValidationContextSdsSecretConfig(Secrets.MESH_ROOTS));
    }

    /** Names of any workload of the mesh. */
    static List<SubjectAltNameMatcher> members(MeshConfig mesh) {
        return List.of(uri(StringMatcher.newBuilder().setPrefix(SPIFFE + trustDomain(mesh) + "/")));
    }

    /** A name that a certificate must bear as it stands: a URI, an address, else a host. */
    static SubjectAltNameMatcher exact(String name) {
        SubjectAltNameMatcher.SanType type = SubjectAltNameMatcher.SanType.DNS;
        if (name.contains("://")) {
            type = SubjectAltNameMatcher.SanType.URI;
        } else if (name.contains("@")) {
            type = SubjectAltNameMatcher.SanType.EMAIL;
        } else if (name.contains(":") || name.chars().allMatch(c -> c == '.' || Character.isDigit(c))) {
            type = SubjectAltNameMatcher.SanType.IP_ADDRESS;
        }
        return SubjectAltNameMatcher.newBuilder()
                .setSanType(type)
                .setMatcher(StringMatcher.newBuilder().setExact(name))
                .build();
    }

    private static SubjectAltNameMatcher uri(StringMatcher.Builder matcher) {
        return SubjectAltNameMatcher.newBuilder()
                .setSanType(SubjectAltNameMatcher.SanType.URI)
                .setMatcher(matcher)
                .build();
    }

    static TransportSocket tls(com.google.protobuf.Message context) {
        return TransportSocket.newBuilder()
                .setName("envoy.transport_sockets.tls")
                .setTypedConfig(Messages.any(context))
                .build();
    }
}
