package dev.lateen.proxycore.route;

import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import org.jspecify.annotations.Nullable;

/** What a route makes of the host ({@code host_rewrite_specifier} of {@code envoy.config.route.v3.RouteAction}). */
public sealed interface HostRewrite {
    /** The new host, or null when it stays. */
    @Nullable
    String host(RequestHead head);

    /** The host stays, or becomes the endpoint's name. */
    record None() implements HostRewrite {
        @Override
        public @Nullable String host(RequestHead head) {
            return null;
        }
    }

    /** The host becomes this. */
    record Literal(String text) implements HostRewrite {
        @Override
        public String host(RequestHead head) {
            return text;
        }
    }

    /** The host becomes a header's value; it stays when the request has none. */
    record Header(HeaderRef header) implements HostRewrite {
        @Override
        public @Nullable String host(RequestHead head) {
            return header.in(head);
        }
    }

    /** The host becomes what a pattern makes of the path without its query. */
    record PathRegex(RegexRewrite rewrite) implements HostRewrite {
        @Override
        public String host(RequestHead head) {
            return rewrite.rewrite(head.pathWithoutQuery());
        }
    }
}
