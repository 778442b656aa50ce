package dev.lateen.analysis;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * The certificates of a proxy's {@code /config_dump}, ours or Envoy's (envoy.admin.v3.SecretsConfigDump), in the columns of
 * {@code istioctl proxy-config secret}, and how long each is still good.
 */
public final class SecretTable {
    private SecretTable() {}

    /** A row for each certificate: the chain's first, and every root. */
    public static TextTable of(JsonNode dump, Instant now) {
        TextTable table = new TextTable(
                "RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE", "LEFT");
        JsonNode section = ConfigDump.section(dump, "SecretsConfigDump");
        rows(table, section.path("dynamic_active_secrets"), "ACTIVE", now);
        rows(table, section.path("static_secrets"), "ACTIVE", now);
        rows(table, section.path("dynamic_warming_secrets"), "WARMING", now);
        return table;
    }

    private static void rows(TextTable table, JsonNode secrets, String status, Instant now) {
        for (JsonNode each : secrets) {
            boolean roots = isOfRoots(each);
            String type = roots ? "CA" : "Cert Chain";
            String name = each.path("name").asString("");
            List<X509Certificate> certificates = certificates(each);
            if (certificates.isEmpty()) {
                table.row(name, type, status, "false", "-", "-", "-", "-");
            }
            for (X509Certificate certificate :
                    roots ? certificates : certificates.stream().limit(1).toList()) {
                Instant begin = certificate.getNotBefore().toInstant();
                Instant end = certificate.getNotAfter().toInstant();
                table.row(
                        name,
                        type,
                        status,
                        Boolean.toString(!now.isBefore(begin) && now.isBefore(end)),
                        certificate.getSerialNumber().toString(16),
                        end.toString(),
                        begin.toString(),
                        left(Duration.between(now, end)));
            }
        }
    }

    private static String left(Duration left) {
        if (!left.isPositive()) {
            return "expired";
        }
        return left.toDays() > 2
                ? left.toDays() + "d"
                : left.toHours() > 0 ? left.toHours() + "h" : left.toMinutes() + "m";
    }

    /** Whether an entry of the section holds roots, not a chain. */
    static boolean isOfRoots(JsonNode entry) {
        return entry.path("secret").has("validation_context");
    }

    /** The certificates of an entry of the section; none when they cannot be read. */
    static List<X509Certificate> certificates(JsonNode entry) {
        JsonNode secret = entry.path("secret");
        JsonNode source = isOfRoots(entry)
                ? secret.path("validation_context").path("trusted_ca")
                : secret.path("tls_certificate").path("certificate_chain");
        try {
            byte[] pem = source.has("inline_string")
                    ? source.path("inline_string").asString().getBytes(java.nio.charset.StandardCharsets.US_ASCII)
                    : Base64.getDecoder().decode(source.path("inline_bytes").asString(""));
            Collection<?> read =
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem));
            return read.stream().map(X509Certificate.class::cast).toList();
        } catch (CertificateException | IllegalArgumentException e) {
            return List.of(); // said as a certificate that is not valid
        }
    }
}
