/** The Telemetry objects of a snapshot, and which of them hold for a workload. */
@org.jspecify.annotations.NullMarked
package dev.lateen.mesh.telemetry;
