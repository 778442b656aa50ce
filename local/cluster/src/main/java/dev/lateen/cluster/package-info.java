/** A Kubernetes-compatible API and one node for people without a cluster. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster;
