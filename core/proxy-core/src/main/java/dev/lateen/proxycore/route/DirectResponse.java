package dev.lateen.proxycore.route;

import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.FormatContext;
import org.jspecify.annotations.Nullable;

/**
 * The proxy answers by itself.
 *
 * @param route which route it was
 * @param responseHeaders what is changed in the response's fields
 * @param status 200 to 599
 * @param body text of the answer as a byte text (one character per byte), may be empty; it is {@code text/plain} unless
 *     {@code responseHeaders} says otherwise
 * @param bodyFormat when not null, what the answer says instead of {@code body}, with facts of the request in it
 */
public record DirectResponse(
        RouteInfo route,
        HeaderMutations responseHeaders,
        int status,
        String body,
        @Nullable Format bodyFormat) implements RouteAction {
    /** The text of the answer to one request. */
    public String text(FormatContext context) {
        return bodyFormat == null ? body : bodyFormat.render(context, "-");
    }
}
