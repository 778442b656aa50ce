package dev.lateen.config.networking;

import dev.lateen.config.shape.Later;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** TLS towards a destination (networking.istio.io ClientTLSSettings). */
public record ClientTls(
        Mode mode,
        @Later(ClientTls.TLS) String clientCertificate,
        @Later(ClientTls.TLS) String privateKey,
        @Later(ClientTls.TLS) String caCertificates,
        @Later(ClientTls.TLS) String credentialName,
        @Later(ClientTls.TLS) List<String> subjectAltNames,
        @Later(ClientTls.TLS) String sni,
        @Later(ClientTls.TLS) @Nullable Boolean insecureSkipVerify,
        @Later(ClientTls.TLS) String caCrl) {
    static final String TLS = "TLS between proxies";

    /** Whose certificates are shown and asked for. */
    public enum Mode {
        DISABLE,
        @Later(TLS)
        SIMPLE,
        @Later(TLS)
        MUTUAL,
        ISTIO_MUTUAL
    }
}
