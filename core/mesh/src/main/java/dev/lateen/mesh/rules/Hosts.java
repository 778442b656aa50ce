package dev.lateen.mesh.rules;

import java.util.Locale;

/** Host names in rules: short names, wildcards, and what they match. */
public final class Hosts {
    private Hosts() {}

    /** The full name of a host in a rule: a name without a dot is a service of the rule's own namespace. */
    public static String resolve(String host, String namespace, String domain) {
        String name = host.toLowerCase(Locale.ROOT);
        boolean isShort = name.indexOf('.') < 0 && name.indexOf(':') < 0 && !name.startsWith("*") && !name.isEmpty();
        return isShort ? name + "." + namespace + ".svc." + domain : name;
    }

    /** Whether it is a wildcard that takes names by a part of their first label, such as {@code *-x.example.com}. */
    public static boolean beginsWithinLabel(String host) {
        return host.length() > 1 && host.charAt(0) == '*' && host.charAt(1) != '.';
    }

    /** Whether the pattern, maybe {@code *} or {@code *.domain}, covers the host, maybe one itself. */
    public static boolean covers(String pattern, String host) {
        if (pattern.equals("*") || pattern.equals(host)) {
            return true;
        }
        return pattern.startsWith("*") && host.length() > pattern.length() - 1 && host.endsWith(pattern.substring(1));
    }

    /** Whether one covers the other. */
    public static boolean overlap(String a, String b) {
        return covers(a, b) || covers(b, a);
    }
}
