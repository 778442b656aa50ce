/** The ADS client: keeps subscriptions over reconnects and hands updates to one listener. */
@org.jspecify.annotations.NullMarked
package dev.lateen.xds.client;
