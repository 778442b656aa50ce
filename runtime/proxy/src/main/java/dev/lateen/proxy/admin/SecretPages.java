package dev.lateen.proxy.admin;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.lateen.proxycore.tls.Material;
import io.envoyproxy.envoy.admin.v3.SecretsConfigDump;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Keys and certificates as Envoy shows them: the certificates, and of keys that they are there. */
final class SecretPages {
    /** Envoy's word in place of a key (admin interface, config_dump). */
    private static final DataSource REDACTED = DataSource.newBuilder()
            .setInlineBytes(ByteString.copyFromUtf8("[redacted]"))
            .build();

    private SecretPages() {}

    /** Of a configuration dump: all secrets in use, by name. */
    static SecretsConfigDump dump(Map<String, Material> secrets) {
        SecretsConfigDump.Builder dump = SecretsConfigDump.newBuilder();
        secrets.forEach((name, material) -> {
            Secret.Builder secret = Secret.newBuilder().setName(name);
            switch (material) {
                case Material.Certificate certificate ->
                    secret.setTlsCertificate(TlsCertificate.newBuilder()
                            .setCertificateChain(inline(certificate.chain()))
                            .setPrivateKey(REDACTED));
                case Material.Trust trust ->
                    secret.setValidationContext(
                            CertificateValidationContext.newBuilder().setTrustedCa(inline(trust.roots())));
                case Material.Named _, Material.CertificateFiles _, Material.TrustFiles _ -> {
                    return; // references, which the store resolves
                }
            }
            dump.addDynamicActiveSecrets(
                    SecretsConfigDump.DynamicSecret.newBuilder().setName(name).setSecret(Any.pack(secret.build())));
        });
        return dump.build();
    }

    private static DataSource inline(String pem) {
        return DataSource.newBuilder()
                .setInlineBytes(ByteString.copyFromUtf8(pem))
                .build();
    }

    /**
     * Ages as metrics, under Envoy's name and those of Istio's agent (Prometheus text format).
     *
     * @param certificates by the secret's name
     */
    static String metrics(Map<String, List<X509Certificate>> certificates, Instant now) {
        StringBuilder text = new StringBuilder();
        Instant first = null;
        StringBuilder seconds = new StringBuilder();
        for (Map.Entry<String, List<X509Certificate>> entry : certificates.entrySet()) {
            Instant end = null;
            for (X509Certificate certificate : entry.getValue()) {
                Instant one = certificate.getNotAfter().toInstant();
                end = end == null || one.isBefore(end) ? one : end;
            }
            if (end != null) {
                first = first == null || end.isBefore(first) ? end : first;
                seconds.append("istio_agent_cert_expiry_seconds{resource_name=\"")
                        .append(entry.getKey().replace("\\", "\\\\").replace("\"", "\\\""))
                        .append("\"} ")
                        .append(Duration.between(now, end).toSeconds())
                        .append('\n');
            }
        }
        if (first != null) {
            text.append("# TYPE envoy_server_days_until_first_cert_expiring gauge\n")
                    .append("envoy_server_days_until_first_cert_expiring ")
                    .append(Math.max(0, Duration.between(now, first).toDays()))
                    .append("\n# TYPE istio_agent_cert_expiry_seconds gauge\n")
                    .append(seconds);
        }
        return text.toString();
    }
}
