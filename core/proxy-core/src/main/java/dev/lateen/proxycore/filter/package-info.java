/** HTTP filters compiled from their typed configuration, and their decisions. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.filter;
