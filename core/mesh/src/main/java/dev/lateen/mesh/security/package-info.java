/** Which rules of security.istio.io hold for a workload. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.security;
