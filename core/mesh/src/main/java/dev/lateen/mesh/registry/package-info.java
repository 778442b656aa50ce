/** What can be called: services of Kubernetes and ServiceEntries, their endpoints, and the pods. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.registry;
