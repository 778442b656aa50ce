package dev.lateen.proxycore.head;

/**
 * The two parts of an authority (RFC 3986 sections 3.2.2 and 3.2.3).
 *
 * @param host with the brackets of an IPv6 address; all of the text where it has no port
 * @param port -1 without one
 */
public record Authority(String host, int port) {
    private static final int MOST_DIGITS = 5;

    /** Takes it apart. What stands behind the last colon and is no number of up to five digits belongs to the host. */
    public static Authority of(String text) {
        int colon = portColon(text);
        int digits = text.length() - colon - 1;
        if (colon < 0 || digits == 0 || digits > MOST_DIGITS) {
            return new Authority(text, -1);
        }
        int port = 0;
        for (int i = colon + 1; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return new Authority(text, -1);
            }
            port = port * 10 + digit;
        }
        return new Authority(text.substring(0, colon), port);
    }

    /** Where {@code :port} begins in an authority, or -1. An IPv6 address without brackets has none. */
    public static int portColon(String text) {
        int colon = text.lastIndexOf(':');
        return colon > text.lastIndexOf(']') && (colon == text.indexOf(':') || text.startsWith("[")) ? colon : -1;
    }
}
