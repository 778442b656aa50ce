package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.BackendTlsPolicySpec.SubjectAltName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How one port of a Service is called, by the BackendTLSPolicy that holds for it. */
public sealed interface BackendTls {
    /** One port of a Service. */
    record Port(String host, int number) {}

    /** The policy. */
    ObjectName policy();

    /**
     * In TLS.
     *
     * @param hostname asked for, and demanded where there are no names
     * @param names of which the certificate must bear one
     * @param roots PEM; null for those of the proxy's own system
     */
    record Verified(
            ObjectName policy,
            String hostname,
            List<SubjectAltName> names,
            @Nullable String roots) implements BackendTls {}

    /** Not at all: no backend could be verified, and none may be called in the clear. */
    record Unverifiable(ObjectName policy) implements BackendTls {}
}
