/** TLS on both sides of the proxy, and its identity: the key that it makes, the certificates that it is given. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.tls;
