package dev.lateen.proxycore.route;

import dev.lateen.proxycore.format.Format;

/**
 * The proxy answers by itself (Envoy documentation, "HTTP routing", Direct responses).
 *
 * @param route which route it was
 * @param responseHeaders what is changed in the response's fields
 * @param status 200 to 599
 * @param body of the answer as a byte text (one character per byte), may be empty; it is {@code text/plain} unless
 *     {@code responseHeaders} says otherwise
 */
public record DirectResponse(RouteInfo route, HeaderMutations responseHeaders, int status, Format body)
        implements RouteAction {}
