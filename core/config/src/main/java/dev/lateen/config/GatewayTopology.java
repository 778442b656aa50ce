package dev.lateen.config;

import dev.lateen.config.shape.Range;
import org.jspecify.annotations.Nullable;

/**
 * What stands in front of a proxy at the edge, and what of it is trusted (istio.mesh.v1alpha1 Topology). Of no meaning to
 * sidecars, as in Istio.
 *
 * @param numTrustedProxies the caller's address is the one that so many trusted proxies from the end of
 *     {@code x-forwarded-for} tell; 0 for the connection's own
 * @param forwardClientCertDetails what becomes of {@code x-forwarded-client-cert}; null means SANITIZE_SET
 * @param proxyProtocol every connection begins with the PROXY protocol; null means that none does
 */
public record GatewayTopology(
        @Range(min = 0) int numTrustedProxies,
        @Nullable ForwardClientCertDetails forwardClientCertDetails,
        @Nullable ProxyProtocol proxyProtocol) {
    /** Nothing in front. */
    public static final GatewayTopology NONE = new GatewayTopology(0, null, null);

    /** The PROXY protocol, of any version. It has no settings. */
    public record ProxyProtocol() {}

    /** What becomes of {@code x-forwarded-client-cert}. */
    public enum ForwardClientCertDetails {
        /** As if it was not said. */
        UNDEFINED,
        /** It is taken away. */
        SANITIZE,
        /** It is passed on where the caller has shown a certificate. */
        FORWARD_ONLY,
        /** The caller's certificate is added to it. */
        APPEND_FORWARD,
        /** The caller's certificate stands in its place. */
        SANITIZE_SET,
        /** It is passed on. */
        ALWAYS_FORWARD_ONLY
    }

    /** What becomes of {@code x-forwarded-client-cert} where nothing was said, too. */
    public ForwardClientCertDetails effectiveForwarding() {
        return forwardClientCertDetails == null || forwardClientCertDetails == ForwardClientCertDetails.UNDEFINED
                ? ForwardClientCertDetails.SANITIZE_SET
                : forwardClientCertDetails;
    }
}
