package dev.lateen.config.security;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Where the keys of an issuer are fetched.
 *
 * @param address of HTTP or HTTPS
 * @param issuer whose configuration (OpenID Connect Discovery 1.0, section 4) the address is, and which names the keys'
 *     own address; null when the keys are right there
 */
public record KeyLocation(String address, @Nullable String issuer) {
    private static final String WELL_KNOWN = "/.well-known/openid-configuration";

    /** The keys themselves. */
    public static KeyLocation of(String address) {
        return new KeyLocation(address, null);
    }

    /** By the issuer's configuration. */
    public static KeyLocation discovered(String issuer) {
        return new KeyLocation(withoutSlash(issuer) + WELL_KNOWN, issuer);
    }

    private static String withoutSlash(String text) {
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    /** Whether a configuration is this issuer's: a slash at the end makes no difference, as people forget it. */
    public boolean isOf(String found) {
        return issuer != null && withoutSlash(issuer).equals(withoutSlash(found));
    }

    /** What is wrong with an address to fetch from; empty when nothing is. */
    public static String fault(String address) {
        try {
            URI uri = new URI(address);
            if (!"http".equals(uri.getScheme()) && !"https".equals(uri.getScheme())) {
                return "must begin with https:// or http://";
            }
            if (uri.getHost() == null) {
                return "has no host";
            }
            return uri.getUserInfo() == null ? "" : "must not have a user's name in it";
        } catch (URISyntaxException e) {
            return "is no address: " + e.getMessage();
        }
    }

    @Override
    public String toString() {
        return address;
    }
}
