/** Kinds of telemetry.istio.io, and what MeshConfig says of telemetry. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config.telemetry;
