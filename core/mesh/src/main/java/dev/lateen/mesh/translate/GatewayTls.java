package dev.lateen.mesh.translate;

import dev.lateen.config.MeshConfig;
import dev.lateen.config.networking.ServerTls;
import dev.lateen.mesh.gatewayapi.CallerCheck;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import org.jspecify.annotations.Nullable;

/** TLS that ends at a gateway, as a server of a Gateway asks for it. */
final class GatewayTls {
    private GatewayTls() {}

    /**
     * @param http whether requests are read from what is inside
     * @param check how callers are verified where the server itself does not say so; null for not at all
     */
    static TransportSocket server(MeshConfig mesh, ServerTls tls, boolean http, @Nullable CallerCheck check) {
        CommonTlsContext.Builder common = CommonTlsContext.newBuilder();
        if (tls.mode() == ServerTls.Mode.ISTIO_MUTUAL) {
            own(mesh, tls, common);
        } else {
            for (String credential : tls.credentials()) {
                common.addTlsCertificateSdsSecretConfigs(
                        credential.equals(ServerTls.OWN)
                                ? Secrets.OWN
                                : Secrets.ofControlPlane(Secrets.certificate(credential)));
            }
            for (ServerTls.CertificateFiles files : tls.files()) {
                common.addTlsCertificates(TlsFiles.certificate(files.serverCertificate(), files.privateKey()));
            }
            if (tls.asksForCertificate()) {
                verify(tls, common);
            } else if (check != null) {
                verify(check, common);
            }
        }
        common.setTlsParams(parameters(tls));
        if (http) {
            common.addAlpnProtocols("h2").addAlpnProtocols("http/1.1");
        } else if (tls.mode() == ServerTls.Mode.ISTIO_MUTUAL) {
            common.addAlpnProtocols("istio");
        }
        DownstreamTlsContext.Builder context = DownstreamTlsContext.newBuilder().setCommonTlsContext(common);
        boolean required = tls.asksForCertificate()
                ? tls.mode() != ServerTls.Mode.OPTIONAL_MUTUAL && !tls.trustsAnyone()
                : check != null && !check.anyone();
        context.setRequireClientCertificate(required ? Messages.TRUE : Messages.FALSE);
        return MutualTls.tls(context.build());
    }

    /** The gateway's own identity; callers are of the mesh. */
    private static void own(MeshConfig mesh, ServerTls tls, CommonTlsContext.Builder common) {
        CertificateValidationContext.Builder expected = expected(tls);
        if (tls.subjectAltNames().isEmpty()) {
            MutualTls.members(mesh).forEach(expected::addMatchTypedSubjectAltNames);
        }
        common.addTlsCertificateSdsSecretConfigs(Secrets.OWN)
                .setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                        .setDefaultValidationContext(expected)
                        .setValidationContextSdsSecretConfig(Secrets.MESH_ROOTS));
    }

    private static void verify(ServerTls tls, CommonTlsContext.Builder common) {
        CertificateValidationContext.Builder expected = expected(tls);
        if (tls.trustsAnyone()) {
            expected.setTrustChainVerification(TrustChainVerification.ACCEPT_UNTRUSTED);
        }
        String credential = rootsCredential(tls);
        if (!credential.isEmpty()) {
            common.setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                    .setDefaultValidationContext(expected)
                    .setValidationContextSdsSecretConfig(Secrets.ofControlPlane(Secrets.roots(credential))));
        } else {
            common.setValidationContext(TlsFiles.trust(expected, tls.rootsFile(), tls.caCrl()));
        }
    }

    private static void verify(CallerCheck check, CommonTlsContext.Builder common) {
        CertificateValidationContext.Builder expected = CertificateValidationContext.newBuilder()
                .setTrustedCa(DataSource.newBuilder().setInlineString(check.roots()));
        if (check.anyone()) {
            expected.setTrustChainVerification(TrustChainVerification.ACCEPT_UNTRUSTED);
        }
        common.setValidationContext(expected);
    }

    /** The credential with the roots that callers are verified by; empty where a file has them, or nobody asks. */
    static String rootsCredential(ServerTls tls) {
        if (!tls.asksForCertificate() || tls.mode() == ServerTls.Mode.ISTIO_MUTUAL) {
            return "";
        }
        if (!tls.caCertCredentialName().isEmpty()) {
            return tls.caCertCredentialName();
        }
        return tls.credentials().isEmpty() ? "" : tls.credentials().getFirst();
    }

    private static CertificateValidationContext.Builder expected(ServerTls tls) {
        CertificateValidationContext.Builder expected = CertificateValidationContext.newBuilder()
                .addAllVerifyCertificateSpki(tls.verifyCertificateSpki())
                .addAllVerifyCertificateHash(tls.verifyCertificateHash());
        tls.subjectAltNames().forEach(name -> expected.addMatchTypedSubjectAltNames(MutualTls.exact(name)));
        return expected;
    }

    private static TlsParameters parameters(ServerTls tls) {
        TlsProtocol lowest = version(tls.minProtocolVersion());
        return TlsParameters.newBuilder()
                .setTlsMinimumProtocolVersion(lowest == TlsProtocol.TLS_AUTO ? TlsProtocol.TLSv1_2 : lowest)
                .setTlsMaximumProtocolVersion(version(tls.maxProtocolVersion()))
                .addAllCipherSuites(tls.knownCipherSuites())
                .build();
    }

    private static TlsProtocol version(ServerTls.TlsVersion version) {
        return switch (version) {
            case TLS_AUTO -> TlsProtocol.TLS_AUTO;
            case TLSV1_0 -> TlsProtocol.TLSv1_0;
            case TLSV1_1 -> TlsProtocol.TLSv1_1;
            case TLSV1_2 -> TlsProtocol.TLSv1_2;
            case TLSV1_3 -> TlsProtocol.TLSv1_3;
        };
    }
}
