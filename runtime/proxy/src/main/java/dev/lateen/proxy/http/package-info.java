/** Requests on their way through the proxy. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.http;
