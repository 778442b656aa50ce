/** Conditions on text, header fields and query parameters, compiled once. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.match;
