/** What the Gateway API and Ingress mean in the mesh's own terms, and what is said about their objects. Pure. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.gatewayapi;
