package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What may stand as a host: a DNS name or IP address, {@code *}, or a DNS name after {@code *.}, {@code *-} or {@code *}.
 */
final class HostNames {
    /** Of a DNS name; what is longer is refused without being looked at. */
    static final int LONGEST = 253;

    /** What a wildcard begins with, the longest first. */
    private static final List<String> WILDCARDS = List.of("*.", "*-", "*");

    private static final Pattern NAME = Pattern.compile(
            "[a-zA-Z0-9_]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?(\\.[a-zA-Z0-9_]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?)*");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F]*:[0-9a-fA-F:.]*");

    private HostNames() {}

    static void check(String host, String field, Findings findings) {
        String name = WILDCARDS.stream()
                .filter(host::startsWith)
                .findFirst()
                .map(wildcard -> host.substring(wildcard.length()))
                .orElse(host);
        if (host.equals("*") || (name.length() <= LONGEST && NAME.matcher(name).matches())) {
            return;
        }
        if (name.length() > LONGEST || !IPV6.matcher(name).matches() || name.length() != host.length()) {
            findings.error(
                    field, "\"" + shorten(host) + "\" is no host: expected a DNS name, an address, * or *.domain");
        }
    }

    /** The host of one service, maybe a wildcard that a ServiceEntry has. */
    static void checkService(String host, String field, Findings findings) {
        if (host.equals("*")) {
            findings.error(field, "\"*\" is every host; a destination is that of one service");
        } else {
            check(host, field, findings);
        }
    }

    /** The host of one place, never a wildcard. */
    static void checkFull(String host, String field, Findings findings) {
        if (host.startsWith("*")) {
            findings.error(field, "\"" + shorten(host) + "\" is many hosts; expected one DNS name or address");
        } else {
            check(host, field, findings);
        }
    }

    /** Refuses a wildcard that begins within a label, such as {@code *-x.example.com}, with what to write for it. */
    static void checkWholeLabels(String host, String field, String why, Findings findings) {
        if (host.startsWith("*") && host.length() > 1 && host.charAt(1) != '.') {
            int dot = host.indexOf('.');
            String whole = "*" + (dot < 0 ? "" : host.substring(dot));
            findings.error(
                    field, "\"" + shorten(host) + "\" begins within a label, and " + why + ": write " + shorten(whole));
        }
    }

    static String shorten(String host) {
        return host.length() <= 80 ? host : host.substring(0, 80) + "…";
    }
}
