/** Istio's certificate service: its messages, and both of its sides. */
@org.jspecify.annotations.NullMarked
package dev.lateen.xds.ca;
