package dev.lateen.config;

import dev.lateen.config.shape.Findings;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Names and labels in rules, as Kubernetes lets objects have them (Kubernetes documentation, Object Names and IDs, and
 * Labels and Selectors); capitals are let through in names, as Istio does.
 */
public final class Labels {
    private static final String DNS_LABEL = "[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?";
    private static final String NAME = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
    private static final int LONGEST_PREFIX = 253;

    /** Of a name with its prefix; what is longer is refused without being looked at. */
    private static final int LONGEST = LONGEST_PREFIX + 1 + 63;

    private static final Pattern SINGLE = Pattern.compile(DNS_LABEL);
    private static final Pattern KEY = Pattern.compile("(?:" + DNS_LABEL + "(?:\\." + DNS_LABEL + ")*/)?" + NAME);
    private static final Pattern VALUE = Pattern.compile("(?:" + NAME + ")?");

    private Labels() {}

    /** Whether the text is one label of a DNS name (RFC 1123): letters, digits and {@code -}, at most 63. */
    public static boolean isDnsLabel(String text) {
        return SINGLE.matcher(text).matches();
    }

    /** Checks labels that something has, or is told by. */
    public static void check(Map<String, String> labels, String field, Findings findings) {
        labels.forEach((key, value) -> {
            String problem = problem(key, value);
            if (!problem.isEmpty()) {
                findings.error(field + "[" + key + "]", problem);
            }
        });
    }

    /** Checks labels by which an object selects workloads. */
    public static void checkSelector(Map<String, String> labels, String field, Findings findings) {
        if (labels.isEmpty()) {
            findings.warning(field, "has no labels: give some, or leave the selector out");
        }
        labels.forEach((key, value) -> {
            String at = field + "[" + key + "]";
            if (key.isEmpty()) {
                findings.error(at, "the name of a label is never empty");
            } else if (key.contains("*") || value.contains("*")) {
                findings.error(at, "a selector takes no wildcards: write the label as the workloads have it");
            } else if (!problem(key, value).isEmpty()) {
                findings.warning(at, problem(key, value) + ": no workload has it");
            }
        });
    }

    private static String problem(String key, String value) {
        boolean isName = key.length() <= LONGEST
                && key.indexOf('/') <= LONGEST_PREFIX
                && KEY.matcher(key).matches();
        if (!isName) {
            return "is no name of a label: expected letters, digits, - _ . (at most 63), after prefix/ if need be";
        }
        return VALUE.matcher(value).matches()
                ? ""
                : "has no value of a label: expected letters, digits, - _ . (at most 63)";
    }
}
