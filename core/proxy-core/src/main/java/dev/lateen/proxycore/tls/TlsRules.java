package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What both ends of TLS are told; compiled from {@code envoy.extensions.transport_sockets.tls.v3.CommonTlsContext}.
 * Immutable, and equal when it means the same.
 *
 * @param certificates shown to the other end: the first one whose kind of key it takes
 * @param trust whom to believe; null: the other end's certificate, if any, is not verified
 * @param names of which the other end's certificate must bear one; empty for any
 * @param pins of which the other end's certificate must be one
 * @param acceptUntrusted whether a certificate that trust does not cover is let pass, as unverified
 * @param alpn protocols in the order of preference
 * @param minimum lowest version of TLS, such as {@code TLSv1.2}
 * @param maximum highest version of TLS
 * @param ciphers up to TLS 1.2, in IANA's names; empty for the library's own choice
 * @param curves empty for the library's own choice
 */
public record TlsRules(
        List<Material> certificates,
        @Nullable Material trust,
        List<NameMatcher> names,
        CertificatePins pins,
        boolean acceptUntrusted,
        List<String> alpn,
        TlsVersion minimum,
        TlsVersion maximum,
        List<String> ciphers,
        List<String> curves) {
    /** Versions of TLS, the oldest first. */
    public enum TlsVersion {
        V1_0("TLSv1"),
        V1_1("TLSv1.1"),
        V1_2("TLSv1.2"),
        V1_3("TLSv1.3");

        private final String protocol;

        TlsVersion(String protocol) {
            this.protocol = protocol;
        }

        /** Java's name of the version. */
        public String protocol() {
            return protocol;
        }
    }

    public TlsRules {
        certificates = List.copyOf(certificates);
        names = List.copyOf(names);
        alpn = List.copyOf(alpn);
        ciphers = List.copyOf(ciphers);
        curves = List.copyOf(curves);
    }

    /** Names of the versions that are spoken. */
    public List<String> protocols() {
        List<String> protocols = new ArrayList<>();
        for (TlsVersion version : TlsVersion.values()) {
            if (version.compareTo(minimum) >= 0 && version.compareTo(maximum) <= 0) {
                protocols.add(version.protocol());
            }
        }
        return protocols;
    }

    /** Names of all secrets that are looked up. */
    public List<Material.Named> secrets() {
        List<Material.Named> secrets = new ArrayList<>();
        for (Material material : certificates) {
            if (material instanceof Material.Named named) {
                secrets.add(named);
            }
        }
        if (trust instanceof Material.Named named) {
            secrets.add(named);
        }
        return secrets;
    }

    /** These rules with other protocols of ALPN. */
    public TlsRules withAlpn(List<String> protocols) {
        return new TlsRules(
                certificates, trust, names, pins, acceptUntrusted, protocols, minimum, maximum, ciphers, curves);
    }

    static TlsRules of(CommonTlsContext proto, Place at) throws CompileException {
        List<Material> certificates = new ArrayList<>();
        for (int i = 0; i < proto.getTlsCertificatesCount(); i++) {
            certificates.add(Material.ofCertificate(proto.getTlsCertificates(i), at.item("tls_certificates", i)));
        }
        for (int i = 0; i < proto.getTlsCertificateSdsSecretConfigsCount(); i++) {
            certificates.add(Material.Named.of(
                    proto.getTlsCertificateSdsSecretConfigs(i), at.item("tls_certificate_sds_secret_configs", i)));
        }
        CertificateValidationContext validation =
                switch (proto.getValidationContextTypeCase()) {
                    case VALIDATION_CONTEXT -> proto.getValidationContext();
                    case COMBINED_VALIDATION_CONTEXT ->
                        proto.getCombinedValidationContext().getDefaultValidationContext();
                    default -> CertificateValidationContext.getDefaultInstance();
                };
        Place here = at.field("validation_context");
        return new TlsRules(
                certificates,
                trust(proto, validation, at),
                NameMatcher.all(validation, here),
                CertificatePins.of(validation, here),
                validation.getTrustChainVerification() == TrustChainVerification.ACCEPT_UNTRUSTED,
                proto.getAlpnProtocolsList(),
                version(proto.getTlsParams().getTlsMinimumProtocolVersion(), TlsVersion.V1_2),
                version(proto.getTlsParams().getTlsMaximumProtocolVersion(), TlsVersion.V1_3),
                CipherSuites.standard(proto.getTlsParams().getCipherSuitesList(), at.field("tls_params")),
                proto.getTlsParams().getEcdhCurvesList());
    }

    private static @Nullable Material trust(CommonTlsContext proto, CertificateValidationContext validation, Place at)
            throws CompileException {
        return switch (proto.getValidationContextTypeCase()) {
            case VALIDATION_CONTEXT_SDS_SECRET_CONFIG ->
                Material.Named.of(
                        proto.getValidationContextSdsSecretConfig(), at.field("validation_context_sds_secret_config"));
            case COMBINED_VALIDATION_CONTEXT ->
                Material.Named.of(
                        proto.getCombinedValidationContext().getValidationContextSdsSecretConfig(),
                        at.field("combined_validation_context").field("validation_context_sds_secret_config"));
            case VALIDATION_CONTEXT -> Material.ofTrust(validation, at.field("validation_context"));
            default -> null;
        };
    }

    private static TlsVersion version(TlsProtocol proto, TlsVersion otherwise) {
        return switch (proto) {
            case TLS_AUTO, UNRECOGNIZED -> otherwise;
            case TLSv1_0 -> TlsVersion.V1_0;
            case TLSv1_1 -> TlsVersion.V1_1;
            case TLSv1_2 -> TlsVersion.V1_2;
            case TLSv1_3 -> TlsVersion.V1_3;
        };
    }
}
