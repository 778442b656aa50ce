/** The pure mind of the control plane: snapshot and translation to xDS. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh;
