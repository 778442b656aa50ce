/** Listeners: which filter chain takes a connection, and what its network filters were told. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.listener;
