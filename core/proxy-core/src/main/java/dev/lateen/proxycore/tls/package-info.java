/** TLS as configured: which certificates are shown, whom the other side must be, and who it was. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.tls;
