package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;

/**
 * Changes the request before it is forwarded.
 *
 * @param uri replaces the path, or the part of it that a prefix match named
 * @param authority replaces the host
 */
public record HttpRewrite(
        String uri, String authority, @Nullable RegexRewrite uriRegexRewrite) implements Checked {
    @Override
    public void check(Findings findings) {
        if (!uri.isEmpty() && uriRegexRewrite != null) {
            findings.error("uriRegexRewrite", "excludes uri");
        }
        if (uri.isEmpty() && authority.isEmpty() && uriRegexRewrite == null) {
            findings.error("", "one of uri, authority, uriRegexRewrite is required");
        }
    }

    /** Replaces each part of the path that matches; {@code \1} in {@code rewrite} is the first group. */
    public record RegexRewrite(@Required String match, String rewrite) implements Checked {
        @Override
        public void check(Findings findings) {
            StringMatch.Expressions.check(match, "match", findings);
        }
    }
}
