/** Events: what the cluster's parts tell users about objects. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.events;
