/** The ADS server: pure session state machines, and the gRPC body around them. */
@org.jspecify.annotations.NullMarked
package dev.lateen.xds.server;
