package dev.lateen.console;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a request shows of who sent it. */
final class Credentials {
    private static final Pattern LOOPBACK =
            Pattern.compile("(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1])(?::[0-9]{1,5})?", Pattern.CASE_INSENSITIVE);
    private static final Pattern SCHEME = Pattern.compile("(Bearer|Basic) +(\\S+)", Pattern.CASE_INSENSITIVE);

    private Credentials() {}

    /**
     * Whether a field {@code Host} names this machine as itself. A web page of elsewhere whose name is made to lead here
     * keeps its name.
     */
    static boolean isLoopback(@Nullable String host) {
        return host != null && LOOPBACK.matcher(host).matches();
    }

    /**
     * The token in a field {@code Authorization}, as bearer (RFC 6750 2.1) or as the password of anybody (RFC 7617), which
     * is what a browser asks people for; empty without.
     */
    static String token(@Nullable String authorization) {
        Matcher field = SCHEME.matcher(authorization == null ? "" : authorization);
        if (!field.matches()) {
            return "";
        }
        if (field.group(1).equalsIgnoreCase("Bearer")) {
            return field.group(2);
        }
        try {
            String text = new String(Base64.getDecoder().decode(field.group(2)), StandardCharsets.UTF_8);
            return text.substring(text.indexOf(':') + 1);
        } catch (IllegalArgumentException e) {
            return ""; // not Base64: as if nothing had been shown
        }
    }
}
