/** Limits of rate. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.limit;
