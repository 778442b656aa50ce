/** What the control plane writes into the {@code status} of objects. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.status;
