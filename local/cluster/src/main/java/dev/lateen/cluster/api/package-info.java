/** The Kubernetes API server. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.api;
