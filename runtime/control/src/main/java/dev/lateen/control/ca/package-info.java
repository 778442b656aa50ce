/** The certificate authority of the mesh: whom it knows, what it signs, and where its root is kept and told. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.ca;
