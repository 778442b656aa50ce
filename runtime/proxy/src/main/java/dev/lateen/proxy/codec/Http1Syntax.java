package dev.lateen.proxy.codec;

import java.nio.charset.StandardCharsets;

/** Which bytes may stand where in HTTP/1.1 (RFC 9110 section 5.6, RFC 9112, RFC 3986). */
final class Http1Syntax {
    private static final byte TOKEN = 1;
    private static final byte VALUE = 2;
    private static final byte TARGET = 4;
    private static final byte HOST = 8;
    private static final byte[] CLASS = new byte[256];

    static {
        for (int c = 0x21; c < 0x7F; c++) {
            CLASS[c] |= TARGET;
        }
        for (int c = 0; c < 256; c++) {
            boolean alphanumeric = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (alphanumeric || "!#$%&'*+-.^_`|~".indexOf(c) >= 0) {
                CLASS[c] |= TOKEN;
            }
            if (c == '\t' || c >= 0x20 && c != 0x7F) {
                CLASS[c] |= VALUE; // field-vchar, SP, HTAB and obs-text
            }
            if (alphanumeric || "-._~%!$&'()*+;=:[]".indexOf(c) >= 0) {
                CLASS[c] |= HOST; // without the comma: some would read a list
            }
        }
        CLASS['#'] &= ~TARGET; // a fragment is never sent (RFC 9112 section 3.2)
    }

    private Http1Syntax() {}

    static boolean token(byte b) {
        return (CLASS[b & 0xFF] & TOKEN) != 0;
    }

    static boolean target(byte b) {
        return (CLASS[b & 0xFF] & TARGET) != 0;
    }

    /** The first byte in [from, to) that may not stand in a field value, or {@code to}. */
    static int badInValue(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to && (CLASS[bytes[i] & 0xFF] & VALUE) != 0) {
            i++;
        }
        return i;
    }

    static boolean value(byte b) {
        return (CLASS[b & 0xFF] & VALUE) != 0;
    }

    /** Whether these bytes can be {@code uri-host [":" port]} without user information; empty is allowed. */
    static boolean authority(byte[] bytes, int from, int to) {
        int i = from;
        if (i < to && bytes[i] == '[') {
            while (i < to && bytes[i] != ']') {
                byte b = bytes[i];
                if (b != '[' && b != ':' && b != '.' && b != '%' && !alphanumeric(b) || b == '[' && i > from) {
                    return false;
                }
                i++;
            }
            if (i == to) {
                return false;
            }
            i++;
        } else {
            while (i < to && bytes[i] != ':') {
                if ((CLASS[bytes[i] & 0xFF] & HOST) == 0 || bytes[i] == '[' || bytes[i] == ']') {
                    return false;
                }
                i++;
            }
        }
        if (i == to) {
            return true;
        }
        if (bytes[i] != ':' || i == from || to - i > 6) {
            return false;
        }
        for (int p = i + 1; p < to; p++) {
            if (bytes[p] < '0' || bytes[p] > '9') {
                return false;
            }
        }
        return true;
    }

    /** Whether these bytes are host and port, as CONNECT wants them (RFC 9112 section 3.2.3). */
    static boolean hostAndPort(byte[] bytes, int from, int to) {
        return authority(bytes, from, to)
                && to - from > 2
                && bytes[to - 1] >= '0'
                && bytes[to - 1] <= '9'
                && lastColon(bytes, from, to) > from;
    }

    /** The colon before a port; -1 without one. */
    private static int lastColon(byte[] bytes, int from, int to) {
        for (int i = to - 1; i >= from && bytes[i] != ']'; i--) {
            if (bytes[i] == ':') {
                return i;
            }
        }
        return -1;
    }

    static boolean alphanumeric(byte b) {
        return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9';
    }

    static int hex(byte b) {
        if (b >= '0' && b <= '9') {
            return b - '0';
        }
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    /** A byte as people read it in a message. */
    static String show(byte b) {
        int c = b & 0xFF;
        return c > 0x20 && c < 0x7F ? "'" + (char) c + "'" : String.format("0x%02x", c);
    }

    /** Whether these bytes are this name, in whatever case. */
    static boolean named(byte[] bytes, int from, String lowerCase) {
        for (int i = 0; i < lowerCase.length(); i++) {
            byte b = bytes[from + i];
            if ((b >= 'A' && b <= 'Z' ? b + 32 : b) != lowerCase.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** These bytes as text, each a character. */
    static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
