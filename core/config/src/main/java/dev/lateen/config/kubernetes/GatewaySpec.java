package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Named;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Refused;
import dev.lateen.config.shape.Required;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Ports that a gateway opens, and whose routes may use them (gateway.networking.k8s.io Gateway).
 *
 * @param addresses a {@code Hostname} names the Service of a gateway that exists already; without it one is made
 */
public record GatewaySpec(
        @Required String gatewayClassName,
        @Required List<Listener> listeners,
        List<Address> addresses,
        @Nullable Infrastructure infrastructure,
        @Nullable AllowedListeners allowedListeners,
        @Nullable GatewayTls tls,

        @Later("policies for TLS towards backends") @Nullable
        JsonNode backendTLS) {
    /** The same with other listeners. */
    public GatewaySpec withListeners(List<Listener> others) {
        return new GatewaySpec(gatewayClassName, others, addresses, infrastructure, allowedListeners, tls, backendTLS);
    }

    /**
     * One port for one host.
     *
     * @param hostname may begin with {@code *.}; empty for every host
     * @param protocol HTTP, HTTPS, TLS or TCP; others are refused in the status
     */
    public record Listener(
            @Required String name,
            String hostname,
            @Required @Range(min = 1, max = 65535) int port,
            @Required String protocol,
            @Nullable Tls tls,
            @Nullable AllowedRoutes allowedRoutes) {}

    /**
     * What a listener does with TLS.
     *
     * @param certificateRefs Secrets with certificate and key; those of other namespaces need a ReferenceGrant there
     * @param options {@code gateway.istio.io/tls-terminate-mode} and {@code gateway.istio.io/tls-cipher-suites}; a listener
     *     with others is refused in the status
     */
    public record Tls(
            @Nullable TlsMode mode,
            List<ObjectReference> certificateRefs,

            @Refused("is no field of a listener any more: write spec.tls.frontend of the Gateway") @Nullable
            JsonNode frontendValidation,

            Map<String, String> options) {}

    /** See {@link Tls}. */
    public enum TlsMode {
        @Named("Terminate")
        TERMINATE,
        @Named("Passthrough")
        PASSTHROUGH
    }

    /** TLS of the whole Gateway. */
    public record GatewayTls(
            @Nullable BackendIdentity backend, @Nullable Frontend frontend) {}

    /**
     * What the gateway shows of itself to backends for which a BackendTLSPolicy holds.
     *
     * @param clientCertificateRef a Secret with certificate and key; one of another namespace needs a ReferenceGrant there
     */
    public record BackendIdentity(@Nullable ObjectReference clientCertificateRef) {}

    /**
     * What callers of listeners of protocol HTTPS have to show.
     *
     * @param perPort in the place of what holds by default
     */
    public record Frontend(@Named("default") @Required FrontendTls otherwise, List<PortTls> perPort) {}

    /** TLS of the listeners of one port. */
    public record PortTls(
            @Required @Range(min = 1, max = 65535) int port,
            @Required FrontendTls tls) {}

    /** TLS towards callers. */
    public record FrontendTls(@Nullable FrontendValidation validation) {}

    /**
     * How callers' certificates are verified.
     *
     * @param caCertificateRefs ConfigMaps with roots under key {@code ca.crt}; those of other namespaces need a
     *     ReferenceGrant there
     * @param mode null means AllowValidOnly
     */
    public record FrontendValidation(
            @Required List<ObjectReference> caCertificateRefs,
            @Nullable ValidationMode mode) {}

    /** Who gets in. */
    public enum ValidationMode {
        /** Callers whose certificate is verified. */
        AllowValidOnly,
        /** Callers without a certificate, or with one that nobody vouches for, as well. */
        AllowInsecureFallback
    }

    /** Whose routes may use a listener: of the Gateway's own namespace unless told otherwise. */
    public record AllowedRoutes(@Nullable RouteNamespaces namespaces, List<RouteKind> kinds) {}

    /** Namespaces of routes or ListenerSets. */
    public record RouteNamespaces(
            @Nullable From from, @Nullable LabelSelector selector) {}

    /** See {@link RouteNamespaces}. */
    public enum From {
        @Named("Same")
        SAME,
        @Named("All")
        ALL,
        @Named("Selector")
        SELECTOR,
        @Named("None")
        NONE
    }

    /** Whose ListenerSets may add listeners: nobody's unless told. */
    public record AllowedListeners(@Nullable RouteNamespaces namespaces) {}

    /** A kind of routes; no group means that of the Gateway API. */
    public record RouteKind(
            @Nullable String group, @Required String kind) {}

    /** Where the gateway can be reached, or should be. */
    public record Address(@Nullable AddressType type, String value) {}

    /** See {@link Address}. */
    public enum AddressType {
        IPAddress,
        Hostname
    }

    /** For the Deployment and Service that are made for the gateway. */
    public record Infrastructure(
            Map<String, String> labels,
            Map<String, String> annotations,
            @Later("parameters of a gateway") @Nullable JsonNode parametersRef) {}
}
