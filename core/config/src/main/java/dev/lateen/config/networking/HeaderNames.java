package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import dev.lateen.config.telemetry.LogCommands;
import java.util.regex.Pattern;

/**
 * Names and values of header fields in rules (RFC 9110, section 5): what proxies would refuse a whole table for, or
 * could never find. Values are formats (Envoy documentation, custom request and response headers), in which a percent
 * sign itself is {@code %%}.
 */
public final class HeaderNames {
    private static final Pattern TOKEN = Pattern.compile("[-!#$%&'*+.^_`|~0-9A-Za-z]{1,1024}");
    private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f]");

    private HeaderNames() {}

    /** Checks the name of a field that is looked at; {@code :method} and its kin are among them. */
    public static void checkMatch(String name, String field, Findings findings) {
        check(name.startsWith(":") ? name.substring(1) : name, field, findings);
    }

    /** Checks the name and the new value of a field; that of the host is among them. */
    public static void checkChange(String name, String value, String field, Findings findings) {
        if (isAuthority(name)) {
            if (value.isEmpty() || CONTROL.matcher(value).find()) {
                findings.error(field, "is no host");
            }
            return;
        }
        if (name.startsWith(":")) {
            findings.error(field, "no rule of headers changes it: write rewrite for the path or the host");
            return;
        }
        check(name, field, findings);
        String problem = CONTROL.matcher(value).find() ? "holds a control character" : LogCommands.problem(value);
        if (problem != null) {
            findings.error(field, problem);
        }
    }

    /** Checks the name of a field that is taken away. */
    public static void checkRemoval(String name, String field, Findings findings) {
        if (name.startsWith(":") || isAuthority(name)) {
            findings.error(field, "\"" + name + "\" is part of every request and cannot be removed");
        } else {
            check(name, field, findings);
        }
    }

    static boolean isAuthority(String name) {
        return name.equalsIgnoreCase("host") || name.equalsIgnoreCase(":authority");
    }

    static void check(String name, String field, Findings findings) {
        if (!TOKEN.matcher(name).matches()) {
            findings.error(field, "\"" + HostNames.shorten(name) + "\" is no name of a header field");
        }
    }
}
