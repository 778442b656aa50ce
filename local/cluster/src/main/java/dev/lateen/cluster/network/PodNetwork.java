package dev.lateen.cluster.network;

/**
 * A pod's place in the network.
 *
 * @param address its IPv4 address
 * @param link the name of the hub's end of its wire
 * @param namespace its network namespace
 */
public record PodNetwork(String address, String link, NetworkNamespace namespace) {}
