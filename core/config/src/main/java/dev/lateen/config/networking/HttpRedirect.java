package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Inline;
import dev.lateen.config.shape.Named;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers with a redirection.
 *
 * @param uri the new path; empty leaves it
 * @param authority the new host; empty leaves it
 * @param scheme http or https; empty leaves it
 * @param redirectCode 0 means 301
 * @param prefixRewrite replaces the matched prefix of the path; excludes {@code uri}
 */
public record HttpRedirect(
        String uri,
        String authority,
        @Inline @Nullable Port port,
        String scheme,
        @Range(min = 0, max = 399) int redirectCode,
        String prefixRewrite)
        implements Checked {
    private static final Set<Integer> CODES = Set.of(0, 301, 302, 303, 307, 308);

    @Override
    public void check(Findings findings) {
        if (uri.isEmpty() && authority.isEmpty() && port == null && scheme.isEmpty() && prefixRewrite.isEmpty()) {
            findings.error("", "one of uri, authority, port, derivePort, scheme, prefixRewrite is required");
        }
        if (!CODES.contains(redirectCode)) {
            findings.error("redirectCode", "must be one of 301, 302, 303, 307, 308");
        }
        if (!scheme.isEmpty() && !scheme.equals("http") && !scheme.equals("https")) {
            findings.error("scheme", "must be http or https");
        }
        if (!uri.isEmpty() && !prefixRewrite.isEmpty()) {
            findings.error("prefixRewrite", "excludes uri");
        }
    }

    /** The port of the new address. */
    public sealed interface Port {
        /** This one. */
        record Given(
                @Named("port") @Required @Range(min = 1, max = 65535)
                int number) implements Port {}

        /** By a rule. */
        record Derived(@Named("derivePort") @Required Selection selection) implements Port {}
    }

    /** Rules for the port. */
    public enum Selection {
        FROM_PROTOCOL_DEFAULT,
        FROM_REQUEST_PORT
    }
}
