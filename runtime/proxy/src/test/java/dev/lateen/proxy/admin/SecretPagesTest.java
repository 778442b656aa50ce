package dev.lateen.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.proxy.tls.TestAuthority;
import dev.lateen.proxycore.tls.Material;
import dev.lateen.xds.XdsJson;
import io.envoyproxy.envoy.admin.v3.SecretsConfigDump;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a proxy shows of its keys and certificates. */
class SecretPagesTest {
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    private final TestAuthority mesh = TestAuthority.create(now);
    private final Material.Certificate own =
            mesh.issue("spiffe://mesh/ns/a/sa/b", now.minusSeconds(60), now.plus(Duration.ofHours(24)));
    private final SecretStore secrets = new SecretStore();

    @BeforeEach
    void keep() {
        secrets.put(SecretStore.OWN, own);
        secrets.put(SecretStore.ROOTS, mesh.trust());
        secrets.put(
                new Material.Named("kubernetes://web", true),
                mesh.issue(
                        "web.example",
                        now.minusSeconds(60),
                        now.plus(Duration.ofDays(3)).plusSeconds(60)));
    }

    @Test
    void certificates_are_shown_and_keys_never() {
        SecretsConfigDump dump = SecretPages.dump(secrets.all());
        assertThat(dump.getDynamicActiveSecretsList())
                .extracting(SecretsConfigDump.DynamicSecret::getName)
                .containsExactly("ROOTCA", "default", "kubernetes://web");
        String json = XdsJson.print(dump);
        assertThat(json).contains(base64(own.chain()), base64("[redacted]"));
        assertThat(json).doesNotContain("PRIVATE KEY").doesNotContain(base64(own.key()));
        assertThat(base64(own.key())).isNotEmpty();
    }

    @Test
    void ages_are_metrics_under_envoys_name_and_istios() {
        String early = SecretPages.metrics(secrets.certificates(), now);
        assertThat(early)
                .contains(
                        "envoy_server_days_until_first_cert_expiring 1\n",
                        "istio_agent_cert_expiry_seconds{resource_name=\"default\"} 86400\n",
                        "istio_agent_cert_expiry_seconds{resource_name=\"kubernetes://web\"} 259260\n");
        assertThat(SecretPages.metrics(secrets.certificates(), now.plus(Duration.ofHours(30))))
                .contains("envoy_server_days_until_first_cert_expiring 0\n", "\"default\"} -21600\n");
        assertThat(SecretPages.metrics(new SecretStore().certificates(), now)).isEmpty();
    }

    private static String base64(String text) {
        return java.util.Base64.getEncoder().encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
}
