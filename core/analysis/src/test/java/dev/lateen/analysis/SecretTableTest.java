package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The table of {@code proxy-config secret}, over a certificate that OpenSSL made. */
class SecretTableTest {
    private static final String PEM = """
            -----BEGIN CERTIFICATE-----
            MIIBczCCARmgAwIBAgICHy4wCgYIKoZIzj0EAwIwGDEWMBQGA1UECgwNY2x1c3Rl
            ci5sb2NhbDAeFw0yNjExMjYxNTUzMDFaFw0zNjExMjMxNTUzMDFaMBgxFjAUBgNV
            BAoMDWNsdXN0ZXIubG9jYWwwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARcFXiO
            8v7Fum1mbRoLUhWv62L0KmqZh4HFQV+/TSt8+TjXZwGFhJ4apj6V7gG7Z1G4UU05
            AX5kCAGitKvLxBuGo1MwUTAdBgNVHQ4EFgQUBvewC9PZVZln0ENCVSBNQ2eVrfkw
            HwYDVR0jBBgwFoAUBvewC9PZVZln0ENCVSBNQ2eVrfkwDwYDVR0TAQH/BAUwAwEB
            /zAKBggqhkjOPQQDAgNIADBFAiAIgrzRq/rPkySnHB/FRD1jG/942ookitIhBLOa
            NPBQYwIhAP627q77tyhuLgdzfiU5s+DqHt4ntDT9QA4UOFTxR72T
            -----END CERTIFICATE-----
            """;
    private static final JsonNode DUMP = JsonMapper.shared()
            .readTree("""
            {"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [
             {"name": "ROOTCA", "secret": {"name": "ROOTCA",
              "validation_context": {"trusted_ca": {"inline_bytes": "%1$s"}}}},
             {"name": "default", "secret": {"name": "default", "tls_certificate": {
              "certificate_chain": {"inline_bytes": "%1$s"}, "private_key": {"inline_bytes": "W3JlZGFjdGVkXQ=="}}}},
             {"name": "broken", "secret": {"tls_certificate": {"certificate_chain": {"inline_bytes": "bm9uZQ=="}}}}]}]}
            """.formatted(Base64.getEncoder().encodeToString(PEM.getBytes(StandardCharsets.US_ASCII))));

    @Test
    void every_certificate_with_its_age() {
        assertThat(SecretTable.of(DUMP, Instant.parse("2036-11-20T15:53:00Z"))).hasToString("""
                RESOURCE NAME   TYPE         STATUS   VALID CERT   SERIAL NUMBER   NOT AFTER              NOT BEFORE             LEFT
                ROOTCA          CA           ACTIVE   true         1f2e            2036-11-23T15:53:01Z   2026-11-26T15:53:01Z   3d
                default         Cert Chain   ACTIVE   true         1f2e            2036-11-23T15:53:01Z   2026-11-26T15:53:01Z   3d
                broken          Cert Chain   ACTIVE   false        -               -                      -                      -
                """);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-26T15:53:00Z, false, 3650d",
        "2036-11-22T15:53:01Z, true,  24h",
        "2036-11-23T15:50:01Z, true,  3m",
        "2036-11-23T15:53:01Z, false, expired",
    })
    void when_it_is_good(String now, String valid, String left) {
        String row = SecretTable.of(DUMP, Instant.parse(now))
                .toString()
                .lines()
                .toList()
                .get(1);
        assertThat(row.split(" {2,}")).contains(valid, left);
    }

    /** Of ten years, from 2026-11-26 to 2036-11-23: of 3650 days the last 912 and a half begin on 2034-05-26 at 03:53:01. */
    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
        default,           false, 2034-05-26T03:53:01Z, -
        default,           false, 2034-05-26T03:53:02Z, 'warning: the certificate of default'
        default,           false, 2036-11-23T15:53:01Z, 'the certificate of default'
        kubernetes://shop, false, 2036-11-16T15:53:01Z, -
        kubernetes://shop, false, 2036-11-16T15:53:02Z, 'warning: the certificate of kubernetes://shop'
        ROOTCA,            true,  2036-10-24T15:53:01Z, -
        ROOTCA,            true,  2036-10-24T15:53:02Z, 'warning: the root certificate of ROOTCA'
        ROOTCA,            true,  2037-01-01T00:00:00Z, 'the root certificate of ROOTCA'
        """)
    void what_ends_soon(String name, boolean root, String now, String expected) {
        String secret = root
                ? "{\"validation_context\": {\"trusted_ca\": {\"inline_bytes\": \"%s\"}}}"
                : "{\"tls_certificate\": {\"certificate_chain\": {\"inline_bytes\": \"%s\"}}}";
        JsonNode dump = JsonMapper.shared()
                .readTree(("{\"configs\": [{\"@type\": \"type.googleapis.com/envoy.admin.v3.SecretsConfigDump\","
                                + " \"dynamic_active_secrets\": [{\"name\": \"" + name + "\", \"secret\": " + secret
                                + "}]}]}")
                        .formatted(Base64.getEncoder().encodeToString(PEM.getBytes(StandardCharsets.US_ASCII))));
        List<Problem> problems = CertificateAges.problems(new ObjectName("Pod", "d", "web"), dump, Instant.parse(now));
        assertThat(problems.isEmpty() ? null : problems.getFirst().toString())
                .satisfies(text -> assertThat(text == null ? null : text.replaceFirst(" \\(.*", ""))
                        .isEqualTo(expected == null ? null : "Pod d/web: " + expected));
    }
}
