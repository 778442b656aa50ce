/** Streams between kubectl and the node: exec, attach, logs, port-forward. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.streams;
