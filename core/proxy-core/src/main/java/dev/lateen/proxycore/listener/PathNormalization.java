package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.listener.HttpConnectionManager.PathRules;
import dev.lateen.proxycore.listener.HttpConnectionManager.PathRules.EscapedSlashes;
import org.jspecify.annotations.Nullable;

/**
 * Brings paths to one form before anybody decides by them (RFC 3986 section 6.2.2; Envoy documentation, {@code
 * normalize_path}, {@code merge_slashes}, {@code path_with_escaped_slashes_action}): dot segments are resolved, a
 * backslash becomes a slash, escapes of unreserved characters are undone, characters that may not stand in a path are
 * escaped. The query stays as it is.
 */
final class PathNormalization {
    /** What must be escaped of the visible characters. */
    private static final String ESCAPED = "\"<>^`{|}";

    private static final String HEX = "0123456789ABCDEF";

    private final PathRules rules;

    PathNormalization(PathRules rules) {
        this.rules = rules;
    }

    /**
     * What became of a path.
     *
     * @param path null when the request is to be refused
     * @param redirect whether the client is to be sent to that path, instead of going on with it
     */
    record Result(@Nullable String path, boolean redirect) {
        static final Result REFUSED = new Result(null, false);
    }

    Result normalize(String original) {
        int end = queryStart(original);
        String path = original.substring(0, end);
        boolean redirect = false;
        if (rules.escapedSlashes() != EscapedSlashes.KEEP && hasEscapedSlash(path)) {
            if (rules.escapedSlashes() == EscapedSlashes.REJECT) {
                return Result.REFUSED;
            }
            path = unescapeSlashes(path);
            redirect = rules.escapedSlashes() == EscapedSlashes.UNESCAPE_AND_REDIRECT;
        }
        if (rules.normalize()) {
            String canonical = isCanonical(path) ? path : canonical(path);
            if (canonical == null) {
                return Result.REFUSED;
            }
            path = canonical;
        }
        if (rules.mergeSlashes() && path.contains("//")) {
            path = mergeSlashes(path);
        }
        return new Result(
                path.length() == end && original.startsWith(path) ? original : path + original.substring(end),
                redirect);
    }

    private static int queryStart(String path) {
        int question = path.indexOf('?');
        return question < 0 ? path.length() : question;
    }

    private static boolean hasEscapedSlash(String path) {
        for (int i = path.indexOf('%'); i >= 0; i = path.indexOf('%', i + 1)) {
            if (escapedSlash(path, i) != 0) {
                return true;
            }
        }
        return false;
    }

    /** The slash that {@code %2F} or {@code %5C} at this place stands for, or 0. */
    private static char escapedSlash(String path, int at) {
        if (path.regionMatches(true, at, "%2f", 0, 3)) {
            return '/';
        }
        return path.regionMatches(true, at, "%5c", 0, 3) ? '\\' : 0;
    }

    private static String unescapeSlashes(String path) {
        StringBuilder out = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char slash = path.charAt(i) == '%' ? escapedSlash(path, i) : 0;
            out.append(slash == 0 ? path.charAt(i) : '/');
            i += slash == 0 ? 0 : 2;
        }
        return out.toString();
    }

    /** Most paths are: nothing to resolve, to undo or to escape. */
    private static boolean isCanonical(String path) {
        if (path.isEmpty() || path.charAt(0) != '/') {
            return false;
        }
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            boolean dot = c == '.' && path.charAt(i - 1) == '/';
            if (dot || c == '%' || c == '\\' || c <= ' ' || c >= 0x7f || ESCAPED.indexOf(c) >= 0) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable String canonical(String path) {
        StringBuilder out = new StringBuilder(path.length() + 8);
        out.append('/');
        int segment = 1;
        for (int i = path.startsWith("/") || path.startsWith("\\") ? 1 : 0; i <= path.length(); i++) {
            char c = i < path.length() ? path.charAt(i) : '/';
            if (c == '/' || c == '\\') {
                if (!resolveDots(out, segment) && i < path.length()) {
                    out.append('/');
                }
                segment = out.length();
            } else if (c == '%' && i + 2 < path.length() && hex(path, i) >= 0) {
                int value = hex(path, i);
                if (value == 0) {
                    return null;
                }
                if (isUnreserved(value)) {
                    out.append((char) value);
                } else {
                    out.append(path, i, i + 3);
                }
                i += 2;
            } else if (c <= ' ' || c >= 0x7f || ESCAPED.indexOf(c) >= 0) {
                out.append('%').append(HEX.charAt(c >> 4 & 15)).append(HEX.charAt(c & 15));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    /**
     * Takes a segment of dots off the end of the output.
     *
     * @return whether it was one: the slash before it, or before its parent, is then the end of the output
     */
    private static boolean resolveDots(StringBuilder out, int segment) {
        int length = out.length() - segment;
        if (length == 1 && out.charAt(segment) == '.') {
            out.setLength(segment);
            return true;
        }
        if (length == 2 && out.charAt(segment) == '.' && out.charAt(segment + 1) == '.') {
            out.setLength(Math.max(0, out.lastIndexOf("/", segment - 2)) + 1);
            return true;
        }
        return false;
    }

    private static int hex(String path, int percent) {
        int high = Character.digit(path.charAt(percent + 1), 16);
        int low = Character.digit(path.charAt(percent + 2), 16);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    private static boolean isUnreserved(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }

    private static String mergeSlashes(String path) {
        StringBuilder out = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c != '/' || out.isEmpty() || out.charAt(out.length() - 1) != '/') {
                out.append(c);
            }
        }
        return out.toString();
    }
}
