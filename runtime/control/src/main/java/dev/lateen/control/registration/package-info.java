/** Workloads that are no pods and register themselves. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.registration;
