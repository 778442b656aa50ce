package dev.lateen.mesh.translate;

import dev.lateen.config.kubernetes.BackendTlsPolicySpec.SubjectAltName;
import dev.lateen.config.networking.ClientTls;
import dev.lateen.mesh.gatewayapi.BackendTls;
import dev.lateen.mesh.translate.ClusterPolicy.Upstream;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.List;

/**
 * TLS towards destinations that are not of the mesh (modes SIMPLE and MUTUAL of a DestinationRule, BackendTLSPolicy of the
 * Gateway API).
 */
final class Origination {
    private static final String SYSTEM = "system";

    private Origination() {}

    /**
     * @param host of the destination, asked for and demanded unless the rule names others; of a wildcard only the
     *     domain is demanded, and nothing is asked for
     * @param registered names that the service itself says its certificates bear; empty for none
     */
    static TransportSocket client(ClientTls tls, Upstream upstream, String host, List<String> registered) {
        String asked = !tls.sni().isEmpty() ? tls.sni() : host.startsWith("*") ? "" : host;
        CommonTlsContext.Builder common = common();
        if (tls.mode() == ClientTls.Mode.MUTUAL) {
            if (tls.credentialName().isEmpty()) {
                common.addTlsCertificates(TlsFiles.certificate(tls.clientCertificate(), tls.privateKey()));
            } else {
                common.addTlsCertificateSdsSecretConfigs(
                        Secrets.ofControlPlane(Secrets.certificate(tls.credentialName())));
            }
        }
        if (!tls.trustsAnyone()) {
            verify(tls, names(tls, asked.isEmpty() ? host : asked, registered), common);
        }
        return socket(common, upstream, asked);
    }

    /**
     * Towards backends of which a policy says what their certificates must be.
     *
     * @param shown credential that they are shown; empty for none
     */
    static TransportSocket backend(BackendTls.Verified tls, String shown, Upstream upstream) {
        CertificateValidationContext.Builder expected = CertificateValidationContext.newBuilder();
        if (tls.names().isEmpty()) {
            expected.addMatchTypedSubjectAltNames(exact(SanType.DNS, tls.hostname()));
        }
        for (SubjectAltName name : tls.names()) {
            expected.addMatchTypedSubjectAltNames(
                    switch (name.type()) {
                        case Hostname -> exact(SanType.DNS, String.valueOf(name.hostname()));
                        case URI -> exact(SanType.URI, String.valueOf(name.uri()));
                    });
        }
        String roots = tls.roots();
        CommonTlsContext.Builder common = common().setValidationContext(
                        roots == null
                                ? TlsFiles.trust(expected, TlsFiles.SYSTEM_ROOTS, "")
                                : expected.setTrustedCa(DataSource.newBuilder().setInlineString(roots))
                                        .build());
        if (!shown.isEmpty()) {
            common.addTlsCertificateSdsSecretConfigs(Secrets.ofControlPlane(Secrets.certificate(shown)));
        }
        return socket(common, upstream, tls.hostname());
    }

    private static SubjectAltNameMatcher exact(SanType type, String name) {
        return SubjectAltNameMatcher.newBuilder()
                .setSanType(type)
                .setMatcher(StringMatcher.newBuilder().setExact(name))
                .build();
    }

    private static CommonTlsContext.Builder common() {
        return CommonTlsContext.newBuilder()
                .setTlsParams(TlsParameters.newBuilder()
                        .setTlsMinimumProtocolVersion(TlsProtocol.TLSv1_2)
                        .setTlsMaximumProtocolVersion(TlsProtocol.TLSv1_3));
    }

    private static TransportSocket socket(CommonTlsContext.Builder common, Upstream upstream, String asked) {
        switch (upstream) {
            case HTTP2 -> common.addAlpnProtocols("h2");
            // What is spoken is known with the first bytes only.
            case AS_DOWNSTREAM, PLAIN -> {}
        }
        return MutualTls.tls(UpstreamTlsContext.newBuilder()
                .setCommonTlsContext(common)
                .setSni(asked)
                .build());
    }

    private static List<SubjectAltNameMatcher> names(ClientTls tls, String host, List<String> registered) {
        List<String> names = !tls.subjectAltNames().isEmpty() ? tls.subjectAltNames() : registered;
        if (!names.isEmpty()) {
            return names.stream().map(MutualTls::exact).toList();
        }
        if (host.startsWith("*")) {
            return List.of(SubjectAltNameMatcher.newBuilder()
                    .setSanType(SanType.DNS)
                    .setMatcher(StringMatcher.newBuilder().setSuffix(host.substring(1)))
                    .build());
        }
        return List.of(MutualTls.exact(host));
    }

    private static void verify(ClientTls tls, List<SubjectAltNameMatcher> names, CommonTlsContext.Builder common) {
        CertificateValidationContext.Builder expected =
                CertificateValidationContext.newBuilder().addAllMatchTypedSubjectAltNames(names);
        if (!tls.credentialName().isEmpty()) {
            common.setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                    .setDefaultValidationContext(expected)
                    .setValidationContextSdsSecretConfig(Secrets.ofControlPlane(Secrets.roots(tls.credentialName()))));
            return;
        }
        boolean system = tls.caCertificates().isEmpty() || tls.caCertificates().equals(SYSTEM);
        common.setValidationContext(
                TlsFiles.trust(expected, system ? TlsFiles.SYSTEM_ROOTS : tls.caCertificates(), tls.caCrl()));
    }
}
