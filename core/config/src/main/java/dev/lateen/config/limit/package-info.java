/** How much of the mesh's own parts callers may use up: pure, the time is passed in; for control plane and console. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config.limit;
