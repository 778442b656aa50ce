/** Connections that are only passed on. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.tcp;
