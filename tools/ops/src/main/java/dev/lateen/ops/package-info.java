/**
 * Verbs that act and wait: they find pods, read the pages of proxies through the cluster's port-forward, watch requests as
 * they end, and call from inside of pods. What they saw is judged by {@code core/analysis}; how it is asked for is the
 * command line's.
 */
@org.jspecify.annotations.NullMarked
package dev.lateen.ops;
