package dev.lateen.mesh.gatewayapi;

/**
 * How the certificates of a port's callers are verified.
 *
 * @param roots PEM
 * @param anyone whether callers without a certificate, or with one that nobody vouches for, get in as well
 */
public record CallerCheck(String roots, boolean anyone) {}
