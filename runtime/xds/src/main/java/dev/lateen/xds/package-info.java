/** The xDS protocol: ADS client and server state machines. */
@org.jspecify.annotations.NullMarked
package dev.lateen.xds;
