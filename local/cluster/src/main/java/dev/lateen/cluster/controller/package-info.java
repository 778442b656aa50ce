/** Controllers and the scheduler, clients of the Kubernetes API. */
@org.jspecify.annotations.NullMarked
package dev.lateen.cluster.controller;
