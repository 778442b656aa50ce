package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Keys and certificates in PEM: what a secret holds, or what stands in the configuration itself. */
public sealed interface Material {
    /**
     * A secret that is looked up by name when it is needed.
     *
     * @param ads whether the control plane sends it; else this workload's own agent has it
     */
    record Named(String name, boolean ads) implements Material {
        static Named of(SdsSecretConfig proto, Place at) throws CompileException {
            if (proto.getName().isEmpty()) {
                throw at.field("name").refuse("a secret needs a name");
            }
            return new Named(proto.getName(), proto.getSdsConfig().hasAds());
        }
    }

    /**
     * A key with its certificate.
     *
     * @param chain the certificate first
     */
    record Certificate(String chain, String key) implements Material {
        static Certificate of(TlsCertificate proto, Place at) throws CompileException {
            return new Certificate(
                    text(proto.getCertificateChain(), at.field("certificate_chain")),
                    text(proto.getPrivateKey(), at.field("private_key")));
        }

        @Override
        public String toString() {
            return "a certificate with its key"; // which must never come into a log
        }
    }

    /**
     * Whom to trust.
     *
     * @param roots certificates; empty for none
     * @param revoked lists of revoked certificates (RFC 5280 5); empty for none
     * @param system whether the machine's own roots are trusted
     */
    record Trust(String roots, String revoked, boolean system) implements Material {
        static final Trust NONE = new Trust("", "", false);

        static Trust of(CertificateValidationContext proto, Place at) throws CompileException {
            return new Trust(
                    text(proto.getTrustedCa(), at.field("trusted_ca")),
                    text(proto.getCrl(), at.field("crl")),
                    proto.hasSystemRootCerts());
        }
    }

    /**
     * A key with its certificate in files of this machine, which are read again when they change.
     *
     * @param chain the certificate first
     */
    record CertificateFiles(String chain, String key) implements Material {}

    /**
     * Whom to trust, in files of this machine, which are read again when they change.
     *
     * @param revoked empty for none
     */
    record TrustFiles(String roots, String revoked) implements Material {}

    /** A certificate in the configuration itself: its content, or the files that have it. */
    static Material ofCertificate(TlsCertificate proto, Place at) throws CompileException {
        if (proto.getCertificateChain().hasFilename() && proto.getPrivateKey().hasFilename()) {
            return new CertificateFiles(
                    proto.getCertificateChain().getFilename(),
                    proto.getPrivateKey().getFilename());
        }
        return Certificate.of(proto, at);
    }

    /** Whom to trust as the configuration itself has it; null for nobody. */
    static @Nullable Material ofTrust(CertificateValidationContext proto, Place at) throws CompileException {
        if (proto.getTrustedCa().hasFilename()
                && (!proto.hasCrl() || proto.getCrl().hasFilename())) {
            return new TrustFiles(
                    proto.getTrustedCa().getFilename(), proto.getCrl().getFilename());
        }
        Trust trust = Trust.of(proto, at);
        return trust.equals(Trust.NONE) ? null : trust;
    }

    /** What a secret holds. */
    static Material of(Secret secret) throws CompileException {
        Place at = Place.of("secret", secret.getName());
        at.known(secret);
        return switch (secret.getTypeCase()) {
            case TLS_CERTIFICATE -> ofCertificate(secret.getTlsCertificate(), at.field("tls_certificate"));
            case VALIDATION_CONTEXT -> {
                Place here = at.field("validation_context");
                here.only(secret.getValidationContext(), "trusted_ca", "crl");
                yield Trust.of(secret.getValidationContext(), here);
            }
            case SESSION_TICKET_KEYS, GENERIC_SECRET, TYPE_NOT_SET ->
                throw at.refuse("not supported: " + secret.getTypeCase());
        };
    }

    private static String text(DataSource source, Place at) throws CompileException {
        return switch (source.getSpecifierCase()) {
            case INLINE_BYTES -> source.getInlineBytes().toString(StandardCharsets.UTF_8);
            case INLINE_STRING -> source.getInlineString();
            case SPECIFIER_NOT_SET -> "";
            case FILENAME -> throw at.refuse("either all that belongs together is in files, or nothing");
            case ENVIRONMENT_VARIABLE -> throw at.refuse("environment variables are not read");
        };
    }
}
