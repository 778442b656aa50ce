/** EnvoyFilter: changes of finished resources. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.patch;
