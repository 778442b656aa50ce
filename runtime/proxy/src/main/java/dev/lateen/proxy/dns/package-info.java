/** Answers the workload's DNS questions: names of the mesh from the control plane's table, others by the pod's resolvers. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.dns;
