package dev.lateen.proxycore.route;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;

/**
 * What a route makes of the path ({@code prefix_rewrite} and {@code regex_rewrite} of {@code
 * envoy.config.route.v3.RouteAction}); the original goes to {@code x-envoy-original-path}.
 */
public sealed interface PathRewrite {
    /** Changes the request's path. */
    void apply(RequestHead head);

    /** Leaves the path alone. */
    record None() implements PathRewrite {
        @Override
        public void apply(RequestHead head) {}
    }

    /** Replaces what the route's path condition matched: the prefix, or the whole path. */
    final class Prefix implements PathRewrite {
        private final String replacement;
        private final PathMatcher matched;

        Prefix(String replacement, PathMatcher matched) {
            this.replacement = ByteText.of(replacement);
            this.matched = matched;
        }

        @Override
        public void apply(RequestHead head) {
            String path = head.path();
            int length = Math.min(path.length(), matched.matchedLength(PathMatcher.pathEnd(path)));
            keepOriginal(head);
            head.path(replacement + path.substring(length));
        }

        @Override
        public String toString() {
            return "prefix to \"" + replacement + "\"";
        }
    }

    /** Replaces matches of a pattern in the path without its query. */
    record Regex(RegexRewrite rewrite) implements PathRewrite {
        @Override
        public void apply(RequestHead head) {
            String path = head.path();
            int end = PathMatcher.pathEnd(path);
            keepOriginal(head);
            head.path(rewrite.rewrite(path.substring(0, end)) + path.substring(end));
        }
    }

    private static void keepOriginal(RequestHead head) {
        if (!head.fields().contains(FieldName.X_ENVOY_ORIGINAL_PATH)) {
            head.fields().add(FieldName.X_ENVOY_ORIGINAL_PATH, head.path());
        }
    }
}
