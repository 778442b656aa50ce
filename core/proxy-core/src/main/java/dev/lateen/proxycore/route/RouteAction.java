package dev.lateen.proxycore.route;

/**
 * What a route table decided to do with a request (Envoy documentation, "HTTP routing"). Instances are compiled once
 * and shared by all requests.
 */
public sealed interface RouteAction permits Forward, Redirect, DirectResponse, NoRoute {
    /** Which route decided. */
    RouteInfo route();

    /** What is changed in the response's fields, whoever answers. */
    HeaderMutations responseHeaders();
}
