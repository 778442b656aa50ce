/** Where the control plane learns of services, workloads and rules. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.source;
