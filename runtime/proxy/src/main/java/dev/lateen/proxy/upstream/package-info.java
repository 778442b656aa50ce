/** Connections to endpoints, kept and shared. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.upstream;
