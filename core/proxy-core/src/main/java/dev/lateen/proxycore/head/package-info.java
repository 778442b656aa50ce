/** Version-neutral heads of requests and responses: pseudo-headers and fields kept as bytes. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.head;
