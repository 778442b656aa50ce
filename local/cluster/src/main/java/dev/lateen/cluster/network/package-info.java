/** Network namespaces, addresses, service routing and the relay to the outside. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.network;
