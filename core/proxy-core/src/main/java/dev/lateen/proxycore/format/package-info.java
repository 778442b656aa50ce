/** Envoy's substitution format: text with commands such as %REQ(x-request-id)%. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.format;
