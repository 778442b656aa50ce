/** The body of the control plane. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control;
