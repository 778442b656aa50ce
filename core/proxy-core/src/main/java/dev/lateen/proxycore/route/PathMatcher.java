package dev.lateen.proxycore.route;

import com.google.re2j.Pattern;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;

/**
 * A condition on the path without its query ({@code path_specifier} of {@code envoy.config.route.v3.RouteMatch}); knows
 * how much of the path it matched, for prefix rewrites.
 */
abstract sealed class PathMatcher {
    private PathMatcher() {}

    /**
     * Whether the path meets the condition.
     *
     * @param end where the path ends and its query begins
     */
    abstract boolean matches(RequestHead head, int end);

    /** Whether it is for CONNECT, whose requests have no path. */
    boolean takesConnect() {
        return false;
    }

    /** How many characters of a path that matches a prefix rewrite replaces. */
    abstract int matchedLength(int end);

    static PathMatcher of(RouteMatch match, Place at) throws CompileException {
        boolean ignoreCase =
                match.hasCaseSensitive() && !match.getCaseSensitive().getValue();
        return switch (match.getPathSpecifierCase()) {
            case PREFIX -> new Prefix(ByteText.of(match.getPrefix()), ignoreCase);
            case PATH -> new Exact(ByteText.of(match.getPath()), ignoreCase);
            case PATH_SEPARATED_PREFIX -> {
                String prefix = match.getPathSeparatedPrefix();
                if (prefix.endsWith("/") || prefix.isEmpty()) {
                    throw at.field("path_separated_prefix").refuse("must not be empty nor end with a slash");
                }
                yield new SeparatedPrefix(ByteText.of(prefix), ignoreCase);
            }
            case SAFE_REGEX ->
                new Regex(at.field("safe_regex")
                        .field("regex")
                        .pattern(match.getSafeRegex().getRegex()));
            case CONNECT_MATCHER -> new Connect();
            case PATH_MATCH_POLICY ->
                throw at.field("path_match_policy").refuse("not supported: RouteMatch.path_match_policy");
            case PATHSPECIFIER_NOT_SET -> throw at.refuse("no path specifier");
        };
    }

    /** Where the query or fragment begins, or the length of the path. */
    static int pathEnd(String path) {
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '?' || c == '#') {
                return i;
            }
        }
        return path.length();
    }

    private static final class Prefix extends PathMatcher {
        private final String prefix;
        private final boolean ignoreCase;

        Prefix(String prefix, boolean ignoreCase) {
            this.prefix = prefix;
            this.ignoreCase = ignoreCase;
        }

        @Override
        boolean matches(RequestHead head, int end) {
            return prefix.length() <= end && head.path().regionMatches(ignoreCase, 0, prefix, 0, prefix.length());
        }

        @Override
        int matchedLength(int end) {
            return prefix.length();
        }

        @Override
        public String toString() {
            return "prefix \"" + prefix + "\"";
        }
    }

    private static final class Exact extends PathMatcher {
        private final String path;
        private final boolean ignoreCase;

        Exact(String path, boolean ignoreCase) {
            this.path = path;
            this.ignoreCase = ignoreCase;
        }

        @Override
        boolean matches(RequestHead head, int end) {
            return path.length() == end && head.path().regionMatches(ignoreCase, 0, path, 0, end);
        }

        @Override
        int matchedLength(int end) {
            return end;
        }

        @Override
        public String toString() {
            return "exactly \"" + path + "\"";
        }
    }

    private static final class SeparatedPrefix extends PathMatcher {
        private final String prefix;
        private final boolean ignoreCase;

        SeparatedPrefix(String prefix, boolean ignoreCase) {
            this.prefix = prefix;
            this.ignoreCase = ignoreCase;
        }

        @Override
        boolean matches(RequestHead head, int end) {
            int length = prefix.length();
            return length <= end
                    && head.path().regionMatches(ignoreCase, 0, prefix, 0, length)
                    && (length == end || head.path().charAt(length) == '/');
        }

        @Override
        int matchedLength(int end) {
            return prefix.length();
        }

        @Override
        public String toString() {
            return "path \"" + prefix + "\" or below";
        }
    }

    private static final class Regex extends PathMatcher {
        private final Pattern pattern;

        Regex(Pattern pattern) {
            this.pattern = pattern;
        }

        @Override
        boolean matches(RequestHead head, int end) {
            String path = head.path();
            return pattern.matches(ByteText.decode(end == path.length() ? path : path.substring(0, end)));
        }

        @Override
        int matchedLength(int end) {
            return end;
        }

        @Override
        public String toString() {
            return "a match of \"" + pattern.pattern() + "\"";
        }
    }

    private static final class Connect extends PathMatcher {
        @Override
        boolean takesConnect() {
            return true;
        }

        @Override
        boolean matches(RequestHead head, int end) {
            return head.method().equals("CONNECT");
        }

        @Override
        int matchedLength(int end) {
            return 0;
        }

        @Override
        public String toString() {
            return "a CONNECT request";
        }
    }
}
