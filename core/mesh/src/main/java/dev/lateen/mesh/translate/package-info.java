/** Each xDS resource from its inputs: clusters, endpoints, listeners, routes. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.translate;
