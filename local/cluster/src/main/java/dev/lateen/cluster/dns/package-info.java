/** The cluster's DNS. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.dns;
