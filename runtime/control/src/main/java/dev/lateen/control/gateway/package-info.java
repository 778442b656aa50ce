/** Proxies at the edge that are made for Gateways of the Gateway API. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.gateway;
