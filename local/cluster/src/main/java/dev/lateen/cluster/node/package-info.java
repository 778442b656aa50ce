/** The node: pods as processes in namespaces. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.node;
