/** Putting the mesh into a cluster and taking it out. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.install;
