package dev.lateen.analysis;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Which certificates of a proxy's {@code /config_dump}, ours or Envoy's, end soon. What is soon depends on who makes the
 * next one: a workload's own comes by itself at half of its life, so that one with less than a quarter left is late; that of
 * a gateway is somebody's to bring within 7 days, a root within 30.
 */
public final class CertificateAges {
    private static final String OWN = "default";
    private static final Duration BROUGHT = Duration.ofDays(7);
    private static final Duration ROOT = Duration.ofDays(30);

    private CertificateAges() {}

    /** An error for each that has ended, a warning for each that ends soon; of a chain the one that ends first counts. */
    public static List<Problem> problems(ObjectName pod, JsonNode dump, Instant now) {
        List<Problem> problems = new ArrayList<>();
        JsonNode section = ConfigDump.section(dump, "SecretsConfigDump");
        for (String list : List.of("dynamic_active_secrets", "static_secrets")) {
            for (JsonNode entry : section.path(list)) {
                for (X509Certificate certificate : SecretTable.certificates(entry)) {
                    check(pod, entry, certificate, now, problems);
                }
            }
        }
        return problems;
    }

    private static void check(
            ObjectName pod, JsonNode entry, X509Certificate certificate, Instant now, List<Problem> problems) {
        String name = entry.path("name").asString("");
        boolean roots = SecretTable.isOfRoots(entry);
        Instant begin = certificate.getNotBefore().toInstant();
        Instant end = certificate.getNotAfter().toInstant();
        Duration left = Duration.between(now, end);
        boolean own = name.equals(OWN) && !roots;
        Duration soon = roots ? ROOT : own ? Duration.between(begin, end).dividedBy(4) : BROUGHT;
        Origin where = new Origin.Api(pod);
        String what = (roots ? "the root certificate of " : "the certificate of ") + name + " ("
                + certificate.getSubjectX500Principal().getName() + ", serial number "
                + certificate.getSerialNumber().toString(16) + ")";
        String remedy = own
                ? ": it should have been renewed at half of its life; look at the proxy's log, and whether it reaches"
                        + " port 15012 of the control plane"
                : roots ? ": bring the next root in time (Secret cacerts)" : ": renew its Secret";
        if (!left.isPositive()) {
            problems.add(Problem.error(where, "", what + " has ended at " + end + remedy));
        } else if (left.compareTo(soon) < 0) {
            problems.add(Problem.warning(where, "", what + " ends at " + end + remedy));
        }
    }
}
