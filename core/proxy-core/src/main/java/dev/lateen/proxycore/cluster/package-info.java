/** Clusters: what was configured, their live hosts, circuit breakers and outlier detection. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.cluster;
